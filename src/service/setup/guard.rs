//! The configuration of a reverse proxy that asks Doorward about every request
//! to an application: what `doorward application proxy` prints.

use crate::domain::applications::Application;

const NGINX: &str = include_str!("../../../deploy/guard/nginx.conf");
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

/// The file for an application, for a proxy that reaches this service at `doorward`.
pub fn configuration(guard: Guard, application: &Application, doorward: &str) -> String {
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
    let host = application.hosts.first().map(ToString::to_string).unwrap_or_default();
    let hostname = host.split(':').next().unwrap_or_default().to_owned();
    let upstream = application.upstream.as_deref().unwrap_or("127.0.0.1:3000");
    let upstream = match guard {
        Guard::Caddy => upstream,
        _ => upstream.trim_start_matches("http://"),
    };
    // A name is text of people; it stands in a comment alone.
    let name: String = application.name.chars().filter(|c| !c.is_control()).collect();
    template
        .replace("{{slug}}", &application.slug)
        .replace("{{var}}", &application.slug.replace('-', "_"))
        .replace("{{host}}", &host)
        .replace("{{hostname}}", &hostname)
        .replace("{{upstream}}", upstream)
        .replace("{{doorward}}", doorward)
        .replace("{{name}}", &name)
}
