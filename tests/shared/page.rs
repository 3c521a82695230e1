//! A page as a browser reads it. What is looked for is found by what it is, not
//! by where it stands: a form by where it is sent, a field by its name, an error
//! by the field that names it.

use scraper::{ElementRef, Html, Selector};

/// A parsed page.
pub struct Page {
    html: Html,
    /// Where it was served, without its query.
    path: String,
}

/// A form of a page.
pub struct Form<'a> {
    element: ElementRef<'a>,
    /// Where it is sent, without the query.
    pub action: String,
}

/// A field of a form.
#[derive(Clone, Debug, Default)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// `type`, or `select` or `textarea`.
    pub kind: String,
    /// What stands in it.
    pub value: String,
    /// Whether it is ticked.
    pub checked: bool,
    /// `autocomplete`.
    pub autocomplete: String,
    /// Whether it limits what is typed or pasted into it.
    pub limited: bool,
}

impl Field {
    fn of(element: ElementRef<'_>) -> Self {
        let attribute = |name: &str| element.attr(name).unwrap_or_default().to_owned();
        let (kind, value) = match element.value().name() {
            "input" => (element.attr("type").unwrap_or("text").to_owned(), attribute("value")),
            "textarea" => ("textarea".to_owned(), element.text().collect()),
            other => {
                let chosen = element.select(&parsed("option[selected]")).next();
                // An option without a value stands for its words.
                let value = |option: ElementRef<'_>| match option.attr("value") {
                    Some(value) => value.to_owned(),
                    None => text_of(option),
                };
                (other.to_owned(), chosen.map(value).unwrap_or_default())
            }
        };
        let limited = ["maxlength", "onpaste"].iter().any(|name| element.attr(name).is_some());
        Self {
            name: attribute("name"),
            kind,
            value,
            checked: element.attr("checked").is_some(),
            autocomplete: attribute("autocomplete"),
            limited,
        }
    }
}

impl Form<'_> {
    /// Its fields, in their order.
    pub fn fields(&self) -> Vec<Field> {
        let selector = parsed(FIELDS);
        self.element.select(&selector).map(Field::of).collect()
    }

    /// Its token against forgery; empty when it has none.
    pub fn token(&self) -> String {
        let fields = self.fields();
        let token = fields.iter().find(|field| field.name == "csrf" && field.kind == "hidden");
        token.map(|field| field.value.clone()).unwrap_or_default()
    }
}

const FIELDS: &str = "input[name], select[name], textarea[name]";

fn parsed(selector: &str) -> Selector {
    Selector::parse(selector).unwrap_or_else(|why| panic!("{selector}: {why:?}"))
}

fn text_of(element: ElementRef<'_>) -> String {
    let text: String = element.text().collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn without_query(path: &str) -> &str {
    path.split(['?', '#']).next().unwrap_or_default()
}

impl Page {
    /// Reads what was served at that path.
    pub fn read(path: &str, body: &str) -> Self {
        Self { html: Html::parse_document(body), path: without_query(path).to_owned() }
    }

    /// The forms that are posted.
    pub fn posted(&self) -> Vec<Form<'_>> {
        self.forms("post")
    }

    /// The forms of that method. One without `action` is sent to the page's own address.
    pub fn forms(&self, method: &str) -> Vec<Form<'_>> {
        let of_method = |form: &ElementRef<'_>| {
            form.attr("method").unwrap_or("get").eq_ignore_ascii_case(method)
        };
        let action = |form: ElementRef<'_>| match form.attr("action") {
            None | Some("") => self.path.clone(),
            Some(action) => without_query(action).to_owned(),
        };
        let forms = self.found("form").into_iter().filter(of_method);
        forms.map(|element| Form { action: action(element), element }).collect()
    }

    /// The token of the form that is posted to that path; empty when there is none.
    pub fn token_for(&self, path: &str) -> String {
        let path = without_query(path);
        let form = self.posted().into_iter().find(|form| form.action == path);
        form.map(|form| form.token()).unwrap_or_default()
    }

    /// The token of the form that is posted to the page's own address.
    pub fn own_token(&self) -> String {
        self.token_for(&self.path)
    }

    /// The tokens of all forms.
    pub fn tokens(&self) -> Vec<String> {
        self.posted().iter().map(Form::token).filter(|token| !token.is_empty()).collect()
    }

    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<Field> {
        self.fields().into_iter().find(|field| field.name == name)
    }

    /// All fields of all forms.
    pub fn fields(&self) -> Vec<Field> {
        self.found(FIELDS).into_iter().map(Field::of).collect()
    }

    /// What stands in a field; empty when there is none.
    pub fn value_of(&self, name: &str) -> String {
        self.field(name).map(|field| field.value).unwrap_or_default()
    }

    /// Whether the box of that name is ticked.
    pub fn is_ticked(&self, name: &str) -> bool {
        self.field(name).is_some_and(|field| field.checked)
    }

    /// The error of a field: the one that its `aria-describedby` names.
    pub fn error_at(&self, name: &str) -> String {
        let named = self.found(&format!("[name=\"{name}\"][aria-describedby]"));
        let ids = named.iter().filter_map(|field| field.attr("aria-describedby"));
        let errors = ids
            .flat_map(str::split_whitespace)
            .flat_map(|id| self.texts(&format!(".error[id=\"{id}\"]")));
        errors.collect::<Vec<_>>().join(" ")
    }

    /// The words of each element that the selector finds.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        self.found(selector).into_iter().map(text_of).collect()
    }

    /// An attribute of each element that the selector finds and that has it.
    pub fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        let elements = self.found(selector).into_iter();
        elements.filter_map(|element| element.attr(name)).map(str::to_owned).collect()
    }

    /// Whether the selector finds anything.
    pub fn has(&self, selector: &str) -> bool {
        !self.found(selector).is_empty()
    }

    fn found(&self, selector: &str) -> Vec<ElementRef<'_>> {
        self.html.select(&parsed(selector)).collect()
    }

    /// Where its links lead.
    pub fn links(&self) -> Vec<String> {
        self.attributes("a[href]", "href")
    }

    /// Whether one of them leads there.
    pub fn links_to(&self, path: &str) -> bool {
        self.links().iter().any(|href| href == path)
    }
}
