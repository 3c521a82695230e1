//! Browsers and servers of a history: what an owner and a thief hold, what is on
//! its way, and what the clock says.

use std::collections::VecDeque;

use doorward::base::timestamp::Timestamp;
use doorward::domain::accounts;
use doorward::domain::passwords::policy::Password;
use doorward::domain::sessions::tokens::refresh::RefreshToken;
use doorward::domain::sessions::{Access, Audience, EndReason, Issued, Refreshed};
use time::Duration;

use crate::{NOON, PASSWORD, World, origin};

/// What a browser keeps: the access token until its time is over, the refresh token.
#[derive(Clone, Debug)]
pub(crate) struct Jar {
    pub access: Option<(String, Timestamp)>,
    pub refresh: String,
}

impl Jar {
    pub fn take(&mut self, issued: &Issued, now: Timestamp) {
        let (token, life) = &issued.access_token;
        self.access = Some((token.clone(), now + *life));
        self.refresh.clone_from(&issued.refresh_token);
    }

    pub fn generation(&self) -> i64 {
        RefreshToken::parse(&self.refresh).unwrap().generation
    }
}

/// What became of one request.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Accepted, perhaps with new cookies.
    In(Option<Box<Issued>>),
    /// Turned away.
    Out(Option<EndReason>),
}

/// What the web's guard does with the cookies of a request.
pub(crate) async fn request(world: &World, jar: &Jar, now: Timestamp) -> Outcome {
    let mut outdated = None;
    if let Some((token, until)) = &jar.access
        && now < *until
    {
        match world.verify(token, now).await {
            Access::Granted(_) => return Outcome::In(None),
            Access::Outdated(claims) => outdated = Some(claims),
            Access::Denied => {}
        }
    }
    let (token, from) = (RefreshToken::parse(&jar.refresh).unwrap(), origin("refresh"));
    let refreshed =
        world.sessions.refresh(&token, outdated.as_deref(), Audience::Web, &from, now).await;
    match refreshed.unwrap() {
        Refreshed::Issued(issued) => Outcome::In(Some(issued)),
        Refreshed::LetIn(_) => Outcome::In(None),
        Refreshed::Renewed(_) => Outcome::Out(Some(EndReason::Renewed)),
        Refreshed::Ended(reason) => Outcome::Out(Some(reason)),
        Refreshed::Unknown => Outcome::Out(None),
    }
}

pub(crate) struct Story {
    pub world: World,
    /// Another server on the same database, and how far ahead its clock is.
    pub other: (World, Duration),
    pub account: doorward::domain::accounts::Account,
    pub now: Timestamp,
    pub owner: Jar,
    pub thief: Option<Jar>,
    /// Cookies on their way, with the moment they were sent.
    pub flying: VecDeque<(Option<Box<Issued>>, Timestamp)>,
    /// A session of the same person and one of another, which nothing may touch.
    pub bystanders: [String; 2],
}

impl Story {
    /// `ahead` is how far the clock of the other server is ahead. Beyond five
    /// seconds that server says so and does not judge by time.
    pub async fn begin(ahead: Duration) -> Self {
        let world = World::new().await;
        let other = world.restarted().await;
        other.sessions.rely_on_time(ahead.abs() < Duration::seconds(5));
        let (account, first) = world.session("ada").await;
        let elsewhere = world.start(&account, NOON).await;
        let (_, bob) = world.session("bob").await;
        let mut owner = Jar { access: None, refresh: String::new() };
        owner.take(&first, NOON);
        let bystanders = [elsewhere.refresh_token, bob.refresh_token];
        let flying = VecDeque::new();
        let other = (other, ahead);
        Self { world, other, account, now: NOON, owner, thief: None, flying, bystanders }
    }

    pub fn oldest_flight(&self) -> Duration {
        let sent = self.flying.iter().map(|(_, sent)| *sent).min();
        sent.map_or(Duration::ZERO, |sent| self.now.since(sent))
    }

    pub fn land(&mut self, newest: bool, lost: bool) {
        let landed = if newest { self.flying.pop_back() } else { self.flying.pop_front() };
        if let (Some((Some(issued), _)), false) = (landed, lost) {
            // An answer overtaken by a newer one: browsers keep what came last.
            self.owner.take(&issued, self.now);
        }
    }

    pub fn land_all(&mut self) {
        while !self.flying.is_empty() {
            self.land(false, false);
        }
    }

    pub async fn crash(&mut self) {
        self.world = self.world.restarted().await;
    }

    pub async fn confirm(&mut self, lost: bool) -> Result<(), String> {
        // The form is posted, so the guard comes first; one answer carries all.
        let guard = request(&self.world, &self.owner, self.now).await;
        let Outcome::In(_) = guard else { return Err(format!("confirming: {guard:?}")) };
        let sid = RefreshToken::parse(&self.owner.refresh).unwrap().sid;
        let password = Password::parse(PASSWORD).unwrap();
        let (account, here) = (&self.account, origin("web"));
        let done = self.world.credentials().confirm(account, sid, &password, &here, self.now).await;
        let issued = done.map_err(|why| why.to_string())?;
        if !lost {
            self.owner.take(&issued, self.now);
        }
        Ok(())
    }

    /// A request of the owner to one of the two servers.
    pub async fn ask(&self, other: bool) -> Outcome {
        if other {
            let (world, ahead) = &self.other;
            request(world, &self.owner, self.now + *ahead).await
        } else {
            request(&self.world, &self.owner, self.now).await
        }
    }

    pub async fn sync(&self) {
        let (other, ahead) = &self.other;
        self.world.sessions.sync(self.now).await.unwrap();
        other.sessions.sync(self.now + *ahead).await.unwrap();
    }

    pub async fn raise(&self) {
        let sessions = &self.world.sessions;
        let txn = sessions.db.begin().await.unwrap();
        let account = accounts::by_id_to_change(&txn, self.account.id).await.unwrap();
        let revoked = sessions.require_refresh(&txn, &account, "test", self.now).await.unwrap();
        txn.commit().await.unwrap();
        sessions.make_known([account.id], revoked);
    }

    pub async fn bystanders_go_on(&self) -> bool {
        let mut live = true;
        for token in &self.bystanders {
            let sid = RefreshToken::parse(token).unwrap().sid;
            let session =
                doorward::domain::sessions::by_id(self.world.sessions.db.read(), sid).await;
            live &= session.unwrap().ended.is_none();
        }
        live
    }
}
