//! The address of a database: which kind it is, what of it may be shown, and
//! how a server elsewhere is asked who it is.

use std::path::PathBuf;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgSslMode};

/// Whether it is of PostgreSQL.
pub(super) fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres:") || url.starts_with("postgresql:")
}

/// Encrypted, and with a certificate for that very host, unless the server is
/// this machine or the address says otherwise (`sslmode`).
pub(super) fn verified(options: PgConnectOptions, url: &str) -> PgConnectOptions {
    let host = options.get_host();
    let local = host.starts_with('/') || ["localhost", "127.0.0.1", "::1", "[::1]"].contains(&host);
    let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters);
    let mut names = parameters.split('&').filter_map(|pair| pair.split('=').next());
    let chosen = names.any(|name| ["sslmode", "ssl-mode"].contains(&name))
        || std::env::var_os("PGSSLMODE").is_some();
    if local || chosen { options } else { options.ssl_mode(PgSslMode::VerifyFull) }
}

/// The path of the SQLite file behind `url`, if it is one.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"))?;
    let path = path.split('?').next().unwrap_or_default();
    (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(path))
}

/// Whether a password stands in the address of a database.
pub fn has_password(url: &str) -> bool {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let user = address.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@'));
    user.is_some_and(|(user, _)| user.contains(':'))
        || query.split('&').any(|pair| pair.starts_with("password="))
}

/// The address of a database without its user and password.
pub(super) fn shown(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => {
            format!("{scheme}://{}", place.split('?').next().unwrap_or_default())
        }
        _ => url.split('?').next().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_named_without_its_password() {
        let url = "postgres://doorward:secret@db.example.org/doorward?sslmode=verify-full";
        assert_eq!(shown(url), "postgres://db.example.org/doorward");
        assert_eq!(shown("sqlite://data/doorward.db?mode=rwc"), "sqlite://data/doorward.db");
        assert!(has_password(url) && has_password("postgres:///db?user=a&password=b"));
        for without in
            ["postgres://doorward@[::1]:5432/db", "sqlite://data/doorward.db", "postgres://h:1/d"]
        {
            assert!(!has_password(without), "{without}");
        }
    }

    #[test]
    fn a_server_elsewhere_is_asked_for_its_certificate_unless_the_address_says_otherwise() {
        let mode = |url: &str| format!("{:?}", verified(url.parse().unwrap(), url).get_ssl_mode());
        for elsewhere in [
            "postgres://doorward:secret@db.example.org/doorward",
            "postgresql://doorward@192.0.2.1:5433/doorward?application_name=doorward",
            "postgres://doorward@localhost.example.org/doorward",
            // Only a parameter of that name says so.
            "postgres://doorward:sslmode=disable@db.example.org/doorward",
            "postgres://doorward@db.example.org/sslmode=disable",
            "postgres://doorward@db.example.org/doorward?application_name=sslmode=disable",
        ] {
            assert_eq!(mode(elsewhere), "VerifyFull", "{elsewhere}");
        }
        for (url, chosen) in [
            ("postgres://doorward@localhost/doorward", "Prefer"),
            ("postgres://doorward@[::1]:5432/doorward", "Prefer"),
            ("postgres://doorward@db.example.org/doorward?sslmode=require", "Require"),
            ("postgres://doorward@db.example.org/doorward?a=b&ssl-mode=disable", "Disable"),
        ] {
            assert_eq!(mode(url), chosen, "{url}");
        }
    }
}
