//! The frame around a page, `templates/base.html.tera`. It is the same for
//! every page of one section and one kind of visitor, so it is drawn once for
//! each, and what differs is put into its gaps.

use rocket_dyn_templates::tera::Context;

use super::message::Shown;
use crate::domain::accounts::permissions::{Permission, Roles};

/// All that the frame depends on, but for the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Surroundings {
    /// Whether somebody is signed in.
    pub signed_in: bool,
    /// The entry of the navigation that leads here.
    pub section: &'static str,
    /// What the person may do.
    pub may: May,
    /// Whether anybody may register.
    pub registration_open: bool,
    /// Whether the page shows a form that was refused.
    pub refused: bool,
}

/// What the sections inside a page follow: the same permissions as the routes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct May(u8);

impl From<&Roles> for May {
    fn from(roles: &Roles) -> Self {
        let theirs = Permission::ALL.into_iter().filter(|one| roles.may(*one));
        Self(theirs.fold(0, |set, one| set | Self::bit(one)))
    }
}

impl May {
    /// Whether that is among it.
    pub fn allows(self, permission: Permission) -> bool {
        self.0 & Self::bit(permission) != 0
    }

    fn bit(permission: Permission) -> u8 {
        1 << permission as u8
    }
}

/// What the templates of pages for staff ask, and by which name.
const ASKED_BY_PAGES: [(&str, Permission); 4] = [
    ("page_may_audit", Permission::ReadAudit),
    ("page_may_end_sessions", Permission::EndSessions),
    ("page_may_manage_accounts", Permission::ManageAccounts),
    ("page_may_administer", Permission::Administer),
];

impl Surroundings {
    /// Tells a page what it may ask of its surroundings. The names begin with
    /// `page_` and have no dots, which take Tera several times as long. Each is
    /// there on every page that asks for it: for one that is not, Tera puts an
    /// error into words before it takes it for false.
    pub fn tell_page(&self, context: &mut Context) {
        context.insert("page_registration_open", &self.registration_open);
        if self.may.allows(Permission::Look) {
            for (name, permission) in ASKED_BY_PAGES {
                context.insert(name, &self.may.allows(permission));
            }
        }
    }

    /// All that the frame itself shows, with its gap for the CSRF token.
    pub fn for_frame(&self, message: Option<&Shown>) -> Context {
        let mut context = Context::new();
        context.insert("page_signed_in", &self.signed_in);
        context.insert("page_refused", &self.refused);
        context.insert("page_registration_open", &self.registration_open);
        context.insert("page_staff", &self.may.allows(Permission::Look));
        context.insert("page_section", self.section);
        let here = |section: &str| if self.section == section { "page" } else { "" };
        let account = if self.section == "data" { "true" } else { here("account") };
        context.insert("page_account", account);
        context.insert("page_sessions", here("sessions"));
        context.insert("page_password", here("password"));
        context.insert("page_message", &message);
        context.insert("page_undo", &message.and_then(Shown::undo));
        context.insert("page_csrf", &Gap::Csrf.mark());
        context
    }
}

/// A place in the frame for what differs from page to page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gap {
    Title,
    Layout,
    Sections,
    Heading,
    Main,
    Csrf,
}

/// The gaps that a page fills with the block of that name.
const BLOCKS: [(Gap, &str); 5] = [
    (Gap::Title, "title"),
    (Gap::Layout, "layout"),
    (Gap::Sections, "sections"),
    (Gap::Heading, "heading"),
    (Gap::Main, "main"),
];

impl Gap {
    /// Stands for the gap in what is drawn: a control character, of which no
    /// template has any.
    fn mark(self) -> char {
        match self {
            Self::Title => '\u{1}',
            Self::Layout => '\u{2}',
            Self::Main => '\u{3}',
            Self::Csrf => '\u{4}',
            Self::Sections => '\u{5}',
            Self::Heading => '\u{6}',
        }
    }

    fn of(mark: char) -> Option<Self> {
        let blocks = BLOCKS.into_iter().map(|(gap, _)| gap);
        blocks.chain([Self::Csrf]).find(|gap| gap.mark() == mark)
    }
}

/// The source of `base.html` as two templates: the frame with gaps in place of
/// its blocks, and the blocks alone, which is what pages extend.
///
/// # Errors
/// The source lacks a block.
pub fn split(base: &str) -> Result<(String, String), String> {
    let (mut frame, mut blocks) = (base.to_owned(), String::new());
    for (gap, name) in BLOCKS {
        let (begin, end) = (format!("{{% block {name} %}}"), format!("{{% endblock {name} %}}"));
        let block = frame.find(&begin).and_then(|from| {
            let to = from + frame[from..].find(&end)? + end.len();
            Some(from..to)
        });
        let block = block.ok_or_else(|| format!("base.html.tera lacks the block {name}"))?;
        blocks.push_str(&frame[block.clone()]);
        blocks.push(gap.mark());
        frame.replace_range(block, &gap.mark().to_string());
    }
    Ok((frame, blocks))
}

/// A frame that was drawn: text, and the gap that follows it.
pub struct Frame(Vec<(String, Option<Gap>)>);

impl Frame {
    /// Finds the gaps in `drawn`.
    pub fn parse(drawn: &str) -> Self {
        let pieces = drawn.split_inclusive(|letter| Gap::of(letter).is_some());
        let piece = |piece: &str| {
            let gap = piece.chars().next_back().and_then(Gap::of);
            let text = gap.and_then(|gap| piece.strip_suffix(gap.mark())).unwrap_or(piece);
            (text.to_owned(), gap)
        };
        Self(pieces.map(piece).collect())
    }

    /// The whole page of `blocks` as they were drawn, each with its mark after
    /// it; `None` if they are not all there.
    pub fn around(&self, blocks: &str, csrf: &str) -> Option<String> {
        // The last one may hold anything, also what looks like a mark.
        let (title, rest) = blocks.split_once(Gap::Title.mark())?;
        let (layout, rest) = rest.split_once(Gap::Layout.mark())?;
        let (sections, rest) = rest.split_once(Gap::Sections.mark())?;
        let (heading, rest) = rest.split_once(Gap::Heading.mark())?;
        let main = rest.strip_suffix(Gap::Main.mark())?;
        let fixed: usize = self.0.iter().map(|(text, _)| text.len()).sum();
        let mut page = String::with_capacity(fixed + blocks.len() + csrf.len() * 2);
        for (text, gap) in &self.0 {
            page.push_str(text);
            page.push_str(match gap {
                Some(Gap::Title) => title,
                Some(Gap::Layout) => layout,
                Some(Gap::Sections) => sections,
                Some(Gap::Heading) => heading,
                Some(Gap::Main) => main,
                Some(Gap::Csrf) => csrf,
                None => "",
            });
        }
        Some(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "<title>{% block title %}{% endblock title %} · D</title>\
        <body class=\"{% block layout %}wide{% endblock layout %}\">\
        {{ page_csrf }}{% block sections %}{% endblock sections %}\
        <main>{% block heading %}{% endblock heading %}{% block main %}{% endblock main %}</main>";

    #[test]
    fn a_page_in_its_frame_is_what_its_template_would_draw() {
        let (frame, blocks) = split(BASE).unwrap();
        let page = "{% block title %}A{% endblock title %}\
            {% block sections %}<nav>{% endblock sections %}{% block heading %}<h1>{% endblock heading %}\
            {% block main %}\u{1}\u{3}<p>{% endblock main %}";
        let mut tera = rocket_dyn_templates::tera::Tera::default();
        let sources = [
            ("base", BASE),
            ("frame", &frame),
            ("blocks", &blocks),
            ("whole", &format!("{{% extends \"base\" %}}{page}")),
            ("parts", &format!("{{% extends \"blocks\" %}}{page}")),
        ];
        tera.add_raw_templates(sources).unwrap();
        let draw = |name: &str, csrf: &str| {
            let mut context = Context::new();
            context.insert("page_csrf", csrf);
            #[expect(clippy::disallowed_methods, reason = "to compare with")]
            tera.render(name, &context).unwrap()
        };
        let frame = Frame::parse(&draw("frame", "\u{4}"));
        let drawn = frame.around(&draw("parts", ""), "token");
        assert_eq!(drawn.unwrap(), draw("whole", "token"));
    }

    #[test]
    fn a_frame_without_one_of_its_blocks_is_refused() {
        for name in ["title", "layout", "sections", "heading", "main"] {
            let base = BASE.replace(&format!("{{% block {name} %}}"), "");
            assert!(split(&base).unwrap_err().contains(name));
        }
    }

    #[test]
    fn blocks_without_their_marks_are_no_page() {
        assert_eq!(Frame::parse("a\u{3}b").around("title\u{1}wide\u{2}\u{5}\u{6}main", ""), None);
    }
}
