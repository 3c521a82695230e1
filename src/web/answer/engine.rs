//! The template engine: what a page says is drawn each time, the frame around
//! it once for all pages that share it.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use rocket::fairing::Fairing;
use rocket_dyn_templates::Template;
use rocket_dyn_templates::tera::{self, Context, Tera};

use super::assets;
use super::frame::{Frame, Surroundings};
use super::message::Shown;
use crate::base::zone::Zone;

/// The template engine with every template in it. Rocket's `Template` would
/// serialise what a page shows twice, first into Rocket's values and then into Tera's.
#[derive(Clone, Default)]
pub struct Engine(Arc<Inner>);

#[derive(Default)]
struct Inner {
    tera: OnceLock<Tera>,
    /// At most as many as there are sections times sets of permissions.
    frames: RwLock<HashMap<Surroundings, Arc<Frame>>>,
}

impl Engine {
    /// Reads the templates before the server starts, which it does not when one
    /// cannot be read. They show times in that zone.
    pub fn fairing(&self, zone: Zone) -> impl Fairing + use<> {
        let engine = self.clone();
        Template::try_custom(move |engines| {
            assets::templates(engines, zone)?;
            engine.0.tera.get_or_init(|| std::mem::take(&mut engines.tera));
            Ok(())
        })
    }

    /// Draws the page `name` in its frame.
    ///
    /// # Errors
    /// The template asks for what `content` does not have.
    pub fn page(
        &self,
        name: &str,
        content: &Context,
        (around, message, csrf): (Surroundings, Option<&Shown>, &str),
    ) -> tera::Result<String> {
        let frame = match message {
            None => self.frame(around)?,
            Some(message) => Arc::new(self.draw_frame(around, Some(message))?),
        };
        let blocks = self.draw(name, content)?;
        frame.around(&blocks, csrf).ok_or_else(|| tera::Error::msg("a block is missing"))
    }

    /// Draws the page that stands by itself.
    ///
    /// # Errors
    /// The template asks for what `content` does not have.
    pub fn notice(&self, content: &Context) -> tera::Result<String> {
        self.draw("notice.html", content)
    }

    fn frame(&self, around: Surroundings) -> tera::Result<Arc<Frame>> {
        // A frame is put there whole, so what a panic left is as good as before.
        let known = self.0.frames.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(frame) = known.get(&around) {
            return Ok(Arc::clone(frame));
        }
        drop(known);
        let frame = Arc::new(self.draw_frame(around, None)?);
        let mut known = self.0.frames.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(around, Arc::clone(&frame));
        Ok(frame)
    }

    fn draw_frame(&self, around: Surroundings, message: Option<&Shown>) -> tera::Result<Frame> {
        let drawn = self.draw(assets::FRAME, &around.for_frame(message))?;
        Ok(Frame::parse(&drawn))
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that draws pages")]
    fn draw(&self, name: &str, context: &Context) -> tera::Result<String> {
        self.0
            .tera
            .get()
            .ok_or_else(|| tera::Error::msg("no template was read"))?
            .render(name, context)
    }
}
