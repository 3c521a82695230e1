//! What the server sees of whoever asks.

use rocket::http::{Method, Status};

use crate::app::App;

#[rocket::async_test]
async fn the_doctor_tells_what_the_server_sees_of_whoever_asks() {
    let app = App::start().await;
    app.account("chief", &["admin"]).await;
    let chief = app.browser_at("192.0.2.7");
    chief.log_in("chief").await;
    let page = chief.get("/admin/doctor").await;
    assert_eq!(page.status, Status::Ok);
    assert!(page.body.contains("The database answers") && page.body.contains("log-ins a minute"));
    assert!(page.body.contains("Your address is 192.0.2.7"), "{}", page.body);
    assert!(page.body.contains("server_name localhost;"), "the sample fits this server");
    // A proxy that is not trusted.
    let forwarded = [("X-Forwarded-For", "198.51.100.4")];
    let page = chief.send(Method::Get, "/admin/doctor", None, &forwarded).await;
    assert!(page.body.contains("is not believed"), "{}", page.body);
    for number in 0..5 {
        let name = format!("member-{number}");
        app.account(&name, &[]).await;
        app.browser_at("192.0.2.7").log_in(&name).await;
    }
    let page = chief.get("/admin/doctor").await;
    assert!(page.body.contains("share the address"), "{}", page.body);
}
