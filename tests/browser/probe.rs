//! Throwaway.
use doorward_browser_tests::{Browser, Server, PASSWORD};
use serde_json::json;
#[tokio::test(flavor = "multi_thread")]
async fn probe() {
    let server = Server::start(&[("ACCESS_TOKEN_SECONDS", "600")]);
    server.account("ada", &[]);
    let b = Browser::start(&server).await;
    b.go("/login").await;
    for w in [360, 1280] {
        b.look(w, "light").await;
        println!("plain {w}: {}", b.script("return [document.documentElement.scrollWidth, window.innerWidth, screen.width]").await);
        b.script("let d=document.createElement('div');d.id='x';d.style='width:1600px;height:9px;background:red';document.querySelector('main').append(d)").await;
        println!("with 1600px div {w}: {}", b.script("return [document.documentElement.scrollWidth, window.innerWidth, screen.width]").await);
        b.script("document.getElementById('x').remove()").await;
    }
    let src = b.driver().source().await.unwrap();
    println!("source starts: {:?}", &src[..60]);
    // served
    let tree = b.devtools("Page.getFrameTree", json!({})).await;
    let f = &tree["frameTree"]["frame"];
    let r = b.driver().cdp().send_raw("Page.getResourceContent", json!({"frameId": f["id"], "url": f["url"]})).await;
    println!("resource: {:?}", r.map(|v| v.to_string().chars().take(200).collect::<String>()).map_err(|e| e.to_string()));
    b.driver().cdp().send_raw("Page.enable", json!({})).await.unwrap();
    b.fill("login", "nobody").await; b.fill("password", "x").await; b.send().await;
    let tree = b.devtools("Page.getFrameTree", json!({})).await;
    let f = &tree["frameTree"]["frame"];
    let r = b.driver().cdp().send_raw("Page.getResourceContent", json!({"frameId": f["id"], "url": f["url"]})).await;
    println!("after POST {}: {:?}", f["url"], r.map(|v| v["content"].as_str().unwrap().contains("role=\"alert\"")).map_err(|e| e.to_string()));
    // does the story's cookie check say anything? token of 600 s: no refresh can be needed.
    b.log_in("ada").await;
    b.go("/account/password").await;
    let g = |c: String| c.split('.').nth(2).unwrap().to_owned();
    let before = g(b.driver().get_named_cookie("__Host-rt").await.unwrap().value);
    b.fill("current_password", PASSWORD).await; b.fill("new_password", "a lantern in the harbour").await; b.send().await;
    let after = g(b.driver().get_named_cookie("__Host-rt").await.unwrap().value);
    println!("password change without any expiry: gen {before} -> {after}; {}", b.path().await);
    b.quit().await;
}
