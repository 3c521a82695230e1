use std::collections::BTreeSet;

use ipnet::IpNet;
use rocket::figment::providers::{Format, Toml};

use super::sources::Variables;
use super::*;

fn with(toml: &str, variables: &[(&str, &str)]) -> Figment {
    let variables = variables.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    Figment::from(rocket::Config::default())
        .merge(Toml::string(toml).nested())
        .merge(Variables::of(variables))
        .select("release")
}

fn settings(toml: &str, variables: &[(&str, &str)]) -> Settings {
    Settings::from_figment(&with(toml, variables)).unwrap_or_else(|why| panic!("{why}"))
}

fn fault(toml: &str, variables: &[(&str, &str)]) -> String {
    match Settings::from_figment(&with(toml, variables)) {
        Ok(_) => panic!("{toml} {variables:?} is accepted"),
        Err(why) => why.to_string(),
    }
}

#[test]
fn nothing_needs_to_be_set() {
    let settings = settings("", &[]);
    assert_eq!(settings.base_url.as_str(), "http://localhost:8000");
    assert_eq!(settings.store.url, "sqlite://data/doorward.db");
    assert_eq!(settings.keys_file, PathBuf::from("data/keys.json"));
    assert_eq!(settings.access_token_life, Duration::minutes(10));
    assert_eq!(settings.sessions.remember_absolute, Duration::days(30));
    assert_eq!(settings.web.registration, Registration::Open);
    assert_eq!(settings.log_level, LevelFilter::INFO);
    assert_eq!((settings.hash_cost.memory_kib, settings.hash_cost.passes), (19_456, 2));
    assert!(settings.web.trusted_proxies.is_empty());
    assert!(
        settings.auto_migrate && settings.store.synchronous_full && !settings.web.allow_query_token
    );
}

#[test]
fn a_variable_overrides_every_profile_of_the_file() {
    let file = "[default.doorward]\nregistration = 'closed'\ndata_dir = 'a'\nlog_format = 'json'
        [release.doorward]\ndata_dir = 'b'\n[debug.doorward]\nlog_format = 'text'";
    let variables = [("DOORWARD_DATA_DIR", "007"), ("DOORWARD_KEYS", "{}"), ("ELSE", "1")];
    let from_file = settings(file, &[]);
    assert_eq!(from_file.data_dir, PathBuf::from("b"));
    assert_eq!(from_file.web.registration, Registration::Closed);
    assert_eq!(from_file.log_format, LogFormat::Json);
    let overridden = settings(file, &variables);
    assert_eq!(overridden.data_dir, PathBuf::from("007"));
    assert_eq!(overridden.store.url, "sqlite://007/doorward.db");
}

#[test]
fn every_key_can_be_given_in_file_and_variable() {
    let values = [
        ("base_url", "https://login.example.org"),
        ("data_dir", "/var/lib/doorward"),
        ("database_url", "postgres://localhost/doorward"),
        ("keys_file", "/etc/keys.json"),
        ("auto_migrate", "false"),
        ("sqlite_synchronous", "normal"),
        ("database_connections", "8"),
        ("database_notify", "false"),
        ("registration", "closed"),
        ("time_zone", "Europe/Berlin"),
        ("trusted_proxies", "10.0.0.0/8, ::1"),
        ("hsts_subdomains", "true"),
        ("allow_query_token", "true"),
        ("password_min_length", "15"),
        ("argon2_memory_kib", "65536"),
        ("argon2_passes", "3"),
        ("access_token_seconds", "300"),
        ("session_idle_seconds", "3600"),
        ("session_absolute_seconds", "7200"),
        ("remember_idle_seconds", "3600"),
        ("remember_absolute_seconds", "7200"),
        ("staff_idle_seconds", "900"),
        ("staff_absolute_seconds", "7200"),
        ("recent_login_seconds", "60"),
        ("recovery_link_seconds", "600"),
        ("personal_token_max_days", "30"),
        ("max_sessions_per_account", "5"),
        ("audit_retention_days", "30"),
        ("throttle_address", "0"),
        ("throttle_name_and_address", "3"),
        ("throttle_name", "30"),
        ("throttle_known_browser", "20"),
        ("throttle_registrations", "50"),
        ("metrics_token", "a token that is long"),
        ("log_format", "json"),
        ("log_level", "warn"),
    ];
    let keys = |given: &mut dyn Iterator<Item = &'static str>| given.collect::<BTreeSet<_>>();
    assert_eq!(
        keys(&mut values.iter().map(|(key, _)| *key)),
        keys(&mut all().map(|setting| setting.key))
    );
    let file: String = values.iter().map(|(key, value)| format!("{key} = '{value}'\n")).collect();
    let names: Vec<(String, &str)> =
        values.iter().map(|(key, value)| (super::sources::variable(key), *value)).collect();
    let variables: Vec<(&str, &str)> =
        names.iter().map(|(name, value)| (&**name, *value)).collect();
    for settings in
        [settings(&format!("[default.doorward]\n{file}"), &[]), settings("", &variables)]
    {
        assert_eq!(settings.recovery_link_life, Duration::minutes(10));
        assert_eq!(settings.sessions.most_per_account, 5);
        assert_eq!(settings.password_min_length, 15);
        assert_eq!(
            settings.web.trusted_proxies,
            ["10.0.0.0/8".parse().unwrap(), "::1/128".parse::<IpNet>().unwrap()]
        );
        assert_eq!(settings.log_level, LevelFilter::WARN);
        assert_eq!(settings.web.time_zone.name(), "Europe/Berlin");
        assert!(
            !settings.auto_migrate
                && !settings.store.synchronous_full
                && settings.web.hsts_subdomains
                && settings.web.allow_query_token
        );
    }
}

#[test]
fn a_time_zone_that_does_not_exist_is_answered_with_the_one_that_may_be_meant() {
    for (given, meant) in [
        ("Europe/Berlni", "Did you mean \"Europe/Berlin\"?"),
        ("europe/berlin", "Did you mean \"Europe/Berlin\"?"),
        ("New York", "Did you mean \"America/New_York\"?"),
        ("in the middle of nowhere", "All names: https://"),
    ] {
        let fault = fault("", &[("DOORWARD_TIME_ZONE", given)]);
        assert!(fault.starts_with("The setting `time_zone` must be a time zone"), "{fault}");
        assert!(fault.contains(given) && fault.contains(meant), "{fault}");
    }
}

#[test]
fn an_impossible_value_is_named_with_what_is_accepted() {
    for (key, value, sentence) in [
        (
            "access_token_seconds",
            "soon",
            "must be a whole number from 1 to 3600, but is \"soon\" (DOORWARD_ACCESS_TOKEN_SECONDS).",
        ),
        ("access_token_seconds", "3601", "from 1 to 3600"),
        ("argon2_memory_kib", "1024", "from 19456 to"),
        ("password_min_length", "7", "from 8 to 64"),
        ("registration", "invite", "must be \"open\" or \"closed\", but is \"invite\""),
        ("auto_migrate", "maybe", "must be true or false"),
        ("base_url", "http://example.org", "http is only for localhost"),
        ("trusted_proxies", "10.0.0.0/8,everyone", "a list of addresses and networks"),
        ("data_dir", "", "a text that is not empty"),
        (
            "session_idle_seconds",
            "90000",
            "must be at most that of `session_absolute_seconds`, 86400, but is 90000.",
        ),
        (
            "session_idle_seconds",
            "599",
            "`access_token_seconds` must be at most that of `session_idle_seconds`, 599",
        ),
        (
            "remember_idle_seconds",
            "599",
            "`access_token_seconds` must be at most that of `remember_idle_seconds`, 599",
        ),
        (
            "staff_idle_seconds",
            "599",
            "`access_token_seconds` must be at most that of `staff_idle_seconds`, 599",
        ),
    ] {
        let said = fault("", &[(&super::sources::variable(key), value)]);
        assert!(said.contains(sentence) && said.contains(key), "{said}");
    }
    let said = fault("[default.doorward]\naccess_token_seconds = -1", &[]);
    assert_eq!(
        said,
        "The setting `access_token_seconds` must be a whole number from 1 to 3600, but is -1."
    );
    assert!(
        fault("[default.doorward]\ntrusted_proxies = [1]", &[]).contains("a list of addresses")
    );
    assert!(fault("[default]\ndoorward = 1", &[]).contains("must be a table"));
}

#[test]
fn an_unknown_key_stops_the_start_with_a_hint() {
    let said = fault("", &[("DOORWARD_ACCES_TOKEN_SECOND", "9")]);
    assert_eq!(
        said,
        "There is no setting `acces_token_second` (DOORWARD_ACCES_TOKEN_SECOND). \
         Did you mean `access_token_seconds`?"
    );
    assert!(fault("[default.doorward]\nfoo = 1", &[]).contains("There are: base_url, data_dir"));
}

#[test]
fn an_unknown_key_of_rockets_own_table_stops_the_start_too() {
    for (toml, words) in [
        ("prot = 1", "There is no setting `prot` in [default]. Did you mean `port`?"),
        ("trusted_proxies = []", "`trusted_proxies` belongs below [default.doorward]."),
        ("trusted_proxy = []", "Did you mean `trusted_proxies` below [default.doorward]?"),
        ("foo = 1", "There are: address, port,"),
    ] {
        let said = fault(&format!("[default]\n{toml}"), &[]);
        assert!(said.contains(words), "{said}");
    }
    settings("[default]\nport = 1\n[default.limits]\nform = \"1KiB\"", &[("ROCKET_FOO", "1")]);
}

#[test]
fn a_file_that_cannot_be_read_is_told_by_line_and_reason() {
    for (toml, words) in [
        (
            "[default.doorward]\nregistration = \"open\"\n[default.doorward]\nport = 1",
            "line 3: the table [default.doorward] occurs twice; put its lines together.",
        ),
        ("[default]\nport = 1\n\nport = 2", "line 4: the key default.port occurs twice."),
        ("[default]\nport 8000", "line 2: expected `.`, `=`."),
        ("[default.doorward]\nregistration = open", "line 2: invalid string, expected"),
    ] {
        let said = fault(toml, &[]);
        assert!(said.starts_with(&format!("The settings cannot be read: {words}")), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn a_secret_is_in_no_sentence() {
    for said in [
        fault("[default.doorward]\ndatabase_url = \"a\"\ndatabase_url = \"hunter2|\"", &[]),
        fault("[default.doorward]\ndatabase_url = \"postgres://u:hunter2\n", &[]),
        fault("", &[("DOORWARD_DATABASE_URL", "mysql://u:hunter2@db/x")]),
        fault("[default.doorward]\ndatabase_url = postgres://u:hunter2@db/x", &[]),
    ] {
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn the_address_follows_port_and_tls() {
    assert_eq!(settings("[default]\nport = 9000", &[]).base_url.as_str(), "http://localhost:9000");
    let tls = "[default.tls]\ncerts = 'c'\nkey = 'k'";
    assert_eq!(settings(tls, &[]).base_url.as_str(), "https://localhost:8000");
    assert!(fault("[default]\nport = 0", &[]).contains("`base_url` must be given"));
}

#[test]
fn what_would_break_safety_is_set_after_everything_else() {
    let unsafe_file = "[global]\nip_header = 'X-Real-IP'\nident = 'Rocket'\nlog_level = 'debug'
        limits = { form = '1GiB', json = '1GiB' }\n[global.shutdown]\ngrace = 3600\nctrlc = false\n[default]\nport = 9000";
    let figment = with(unsafe_file, &[("DOORWARD_DATA_DIR", "elsewhere")]);
    let settings = Settings::from_figment(&figment).unwrap_or_else(|why| panic!("{why}"));
    let figment = rocket_config(figment, &settings.data_dir);
    let config: rocket::Config = figment.extract().unwrap();
    assert_eq!(config.ip_header, None);
    assert_eq!(config.ident.as_str(), None);
    assert_eq!(config.log_level, rocket::config::LogLevel::Off);
    assert_eq!(config.limits.get("form").unwrap().as_u64(), 16 << 10);
    assert_eq!(config.limits.get("json").unwrap().as_u64(), 16 << 10);
    assert_eq!((config.shutdown.grace, config.shutdown.mercy, config.shutdown.ctrlc), (5, 5, true));
    assert_eq!(config.port, 9000);
    assert_eq!(figment.extract_inner::<String>("template_dir").unwrap(), "elsewhere");
}

#[test]
fn the_sample_file_shows_every_key_with_its_default() {
    let sample = include_str!("../../../Rocket.toml");
    let ours = sample.split_once("[default.doorward]").unwrap().1;
    let lines: Vec<&str> = ours.lines().filter_map(|line| line.strip_prefix("# ")).collect();
    let value_of = |key: &str| lines.iter().find(|line| line.starts_with(&format!("{key} = ")));
    let file: Vec<&str> = all().filter_map(|one| value_of(one.key).copied()).collect();
    assert_eq!(file.len(), all().count(), "{file:#?}");
    let said = settings(&format!("[default.doorward]\n{}", file.join("\n")), &[]);
    let default = settings(sample, &[]);
    let times = |of: &Settings| {
        [
            of.access_token_life,
            of.sessions.idle,
            of.sessions.absolute,
            of.sessions.remember_idle,
            of.sessions.remember_absolute,
            of.sessions.staff_idle,
            of.sessions.staff_absolute,
            of.sessions.recent_login,
            of.recovery_link_life,
        ]
    };
    assert_eq!(times(&said), times(&default));
    let rest = |of: &Settings| {
        let files = (of.data_dir.clone(), of.store.url.clone(), of.keys_file.clone());
        let counts = (of.sessions.most_per_account, of.password_min_length);
        let costs = of.hash_cost;
        let of_web = (of.web.allow_query_token, of.web.hsts_subdomains);
        let flags = (of.auto_migrate, of.store.synchronous_full, of_web);
        let words = (of.web.registration, of.log_format, of.log_level);
        (of.base_url.clone(), files, counts, costs, flags, words, of.web.trusted_proxies.clone())
    };
    assert_eq!(rest(&said), rest(&default));
}
