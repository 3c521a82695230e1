//! The configuration of a reverse proxy that asks Doorward about every request
//! to an application: what `doorward application proxy` prints.

use std::path::Path;

use super::proxy::with_own_certificate;
use crate::domain::applications::{Application, HostPattern};

const NGINX: &str = include_str!("../../../deploy/guard/nginx.conf");
const NGINX_REDIRECT: &str = include_str!("../../../deploy/guard/nginx-redirect.conf");
const NGINX_ASK: &str = include_str!("../../../deploy/guard/nginx-ask.conf");
const HAPROXY: &str = include_str!("../../../deploy/guard/haproxy.cfg");
const HAPROXY_LUA: &str = include_str!("../../../deploy/guard/doorward.lua");
const TRAEFIK: &str = include_str!("../../../deploy/guard/traefik.yml");
const CADDY: &str = include_str!("../../../deploy/guard/Caddyfile");

/// The proxies there is a configuration for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Guard {
    /// nginx
    Nginx,
    /// Caddy
    Caddy,
    /// Traefik, for its file provider
    Traefik,
    /// HAProxy
    Haproxy,
    /// The script that HAProxy asks with
    HaproxyLua,
}

impl Guard {
    /// Those that are shown, each with its name on the command line and for people.
    pub const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Nginx, "nginx", "nginx"),
        (Self::Caddy, "caddy", "Caddy"),
        (Self::Traefik, "traefik", "Traefik"),
        (Self::Haproxy, "haproxy", "HAProxy"),
        (Self::HaproxyLua, "haproxy-lua", "HAProxy: doorward.lua"),
    ];
}

/// What the file is called where it is kept; of several applications, each has its own.
pub fn file_name(guard: Guard, slug: &str) -> String {
    match guard {
        Guard::Nginx => format!("{slug}.conf"),
        Guard::Caddy => format!("{slug}.caddy"),
        Guard::Traefik => format!("{slug}.yml"),
        Guard::Haproxy => format!("{slug}.cfg"),
        Guard::HaproxyLua => "doorward.lua".to_owned(),
    }
}

/// The file for an application, for a proxy that reaches this service at
/// `doorward`. Where only a network of one's own knows its names, the
/// certificate is that of `doorward dev-certificate` in `internal`, or Caddy's own.
pub fn configuration(
    guard: Guard,
    application: &Application,
    doorward: &str,
    internal: Option<&Path>,
) -> String {
    let template = match guard {
        Guard::Nginx => {
            // As deep as the line that it takes the place of.
            let lines = NGINX_ASK.trim_end().replace('\n', "\n        ");
            NGINX.replace("{{ask}}", &lines)
        }
        Guard::Caddy => CADDY.to_owned(),
        Guard::Traefik => TRAEFIK.to_owned(),
        Guard::Haproxy => HAPROXY.to_owned(),
        Guard::HaproxyLua => HAPROXY_LUA.to_owned(),
    };
    // A name is text of people; it stands in a comment alone.
    let name: String = application.name.chars().filter(|c| !c.is_control()).collect();
    let slug = application.slug.as_str();
    let mut file = template;
    for (place, text) in places(guard, application) {
        file = file.replace(place, &text);
    }
    let file = file
        .replace("{{slug}}", slug)
        .replace("{{var}}", &slug.replace('-', "_"))
        .replace("{{upstream}}", application.upstream.as_deref().unwrap_or("127.0.0.1:3000"))
        .replace("{{doorward}}", doorward)
        .replace("{{name}}", &name);
    match internal {
        Some(folder) => with_own_certificate(&file, folder),
        None => file,
    }
}

/// What depends on the hosts of the application, by its place in the file.
fn places(guard: Guard, application: &Application) -> Vec<(&'static str, String)> {
    let hosts = &application.hosts;
    let single = match &hosts[..] {
        [host] => host.single().map(|host| host.to_string()),
        _ => None,
    };
    let joined = |text: fn(&HostPattern) -> String, between: &str| {
        hosts.iter().map(text).collect::<Vec<_>>().join(between)
    };
    let port = hosts.first().and_then(HostPattern::port);
    let names = joined(HostPattern::key, " ");
    let certificate = hosts.first().map(|host| host.key().replace("*.", "")).unwrap_or_default();
    let redirect = match port {
        None => format!("{NGINX_REDIRECT}\n").replace("{{names}}", &names),
        Some(_) => String::new(),
    };
    // The application's own host stands there as text where there is one: what
    // the proxy guards is its operator's word.
    let asked = match guard {
        Guard::Nginx => {
            let suffix = port.map(|port| format!(":{port}")).unwrap_or_default();
            single.clone().unwrap_or(format!("$host{suffix}"))
        }
        _ => single.clone().unwrap_or_else(|| "-".to_owned()),
    };
    let acl = |host: &HostPattern| match host.to_string().strip_prefix('*') {
        Some(end) => format!("  acl {{{{var}}}} hdr_end(host) -i {end}\n"),
        None => format!("  acl {{{{var}}}} hdr(host) -i {host}\n"),
    };
    let rule = |host: &HostPattern| match host.key().strip_prefix("*.") {
        Some(end) => format!("HostRegexp(`^[a-z0-9.-]+[.]{}$`)", end.replace('.', "[.]")),
        None => format!("Host(`{}`)", host.key()),
    };
    vec![
        ("{{host}}", joined(ToString::to_string, ", https://")),
        ("{{sites}}", joined(ToString::to_string, ", ")),
        ("{{names}}", names),
        ("{{certificate}}", certificate),
        ("{{redirect}}", redirect),
        ("{{port}}", port.unwrap_or(443).to_string()),
        ("{{asked}}", asked),
        ("{{sent}}", single.unwrap_or_else(|| "%[req.hdr(host),lower]".to_owned())),
        ("{{acls}}", hosts.iter().map(acl).collect()),
        ("{{rule}}", hosts.iter().map(rule).collect::<Vec<_>>().join(" || ")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::applications::{Catalogs, Draft};

    fn printed(guard: Guard, hosts: &[&str]) -> String {
        let draft: Draft = serde_json::from_value(serde_json::json!({
            "slug": "my-wiki", "name": "Wiki", "hosts": hosts, "needs": "members",
        }))
        .unwrap();
        let catalogs = Catalogs::new("login.example.org");
        let application = draft.parse(catalogs.surroundings(false)).unwrap();
        configuration(guard, &application, "127.0.0.1:8000", None)
    }

    #[test]
    fn nothing_is_left_to_fill_in_and_every_host_is_there() {
        let hosts = ["wiki.example.org", "books.example.org", "*.apps.example.org"];
        for (guard, name, _) in Guard::ALL {
            for hosts in [&hosts[..1], &hosts[2..], &hosts[..], &["wiki.example.org:8443"]] {
                let file = printed(guard, hosts);
                assert!(!file.contains("{{"), "{name}: {file}");
                for host in hosts.iter().filter(|_| guard != Guard::HaproxyLua) {
                    let bare = host.trim_start_matches("*.").split(':').next().unwrap();
                    let written = [bare.to_owned(), bare.replace('.', "[.]")];
                    assert!(written.iter().any(|one| file.contains(one)), "{name} {host}: {file}");
                }
            }
        }
    }

    #[test]
    fn one_host_stands_there_as_text_and_several_are_asked_about() {
        let one = printed(Guard::Nginx, &["wiki.example.org"]);
        assert!(one.contains("X-Forwarded-Host wiki.example.org;") && !one.contains(" $host;"));
        assert!(one.contains("return 301 https://$host$request_uri;"));
        let all = printed(Guard::Nginx, &["wiki.example.org", "*.apps.example.org"]);
        assert!(all.contains("X-Forwarded-Host $host;"), "{all}");
        assert!(all.contains("server_name wiki.example.org *.apps.example.org;"), "{all}");
        let other = printed(Guard::Nginx, &["wiki.example.org:8443"]);
        assert!(other.contains("listen 8443 ssl;") && !other.contains("listen 80;"), "{other}");
    }
}
