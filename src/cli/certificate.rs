//! `doorward dev-certificate`

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, absolute};

use rcgen::{CertificateParams, DnType, KeyPair};
use time::{Duration, OffsetDateTime};

use crate::base::error::{Error, Result};
use crate::base::timestamp::Timestamp;
use crate::cli::terminal::say;
use crate::service::settings::Settings;
use crate::service::setup::proxy::CERTIFICATE;

const LIFE: Duration = Duration::days(90);

/// Makes a certificate that browsers have to be told to trust, for `localhost`
/// under all its names and for `hosts`, and says how to use it.
pub(super) fn make(settings: &Settings, hosts: &[String], now: Timestamp) -> Result<()> {
    let failed =
        |why: rcgen::Error| Error::broken(format!("No certificate can be created: {why}."));
    let today = OffsetDateTime::from_unix_timestamp(now.seconds())
        .map_err(|why| Error::broken(format!("The clock is out of range: {why}.")))?;
    let mut names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    // Brackets are of addresses in a URL, not of those in a certificate.
    names.extend(hosts.iter().map(|host| host.trim_matches(['[', ']']).to_owned()));
    let mut about = CertificateParams::new(names).map_err(failed)?;
    let host = hosts.first().map_or("localhost", String::as_str);
    about.distinguished_name.push(DnType::CommonName, format!("Doorward on {host}"));
    about.not_before = today - Duration::DAY;
    about.not_after = today + LIFE;
    let key = KeyPair::generate().map_err(failed)?;
    let certificate = about.self_signed(&key).map_err(failed)?;
    let place = |name: &str| settings.data_dir.join(name);
    let [cert_file, key_file] = CERTIFICATE.map(place);
    write(&key_file, &key.serialize_pem())?;
    write(&cert_file, &certificate.pem())?;
    let full = |file: &Path| absolute(file).unwrap_or_else(|_| file.to_owned());
    let all = if hosts.is_empty() { host.to_owned() } else { hosts.join(" and ") };
    say(&format!(
        "The certificate for {all} is good for {} days. Browsers warn of it until they are told to trust it. To use it:\n\n    ROCKET_TLS='{{certs={cert_file:?}, key={key_file:?}}}' doorward serve\n\nor in nginx:\n\n    ssl_certificate {};\n    ssl_certificate_key {};",
        LIFE.whole_days(),
        full(&cert_file).display(),
        full(&key_file).display()
    ));
    Ok(())
}

/// A new file, its owner's alone, in the place of whatever was there.
fn write(file: &Path, text: &str) -> Result<()> {
    let replaced = || {
        if file.exists() {
            std::fs::remove_file(file)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600).open(file)?.write_all(text.as_bytes())
    };
    replaced().map_err(|why| {
        Error::broken(format!("The file {} cannot be written: {why}.", file.display()))
    })
}
