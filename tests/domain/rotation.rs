//! Rows of the protocol's table that the exploration of whole histories
//! (`refresh_model`) does not tell apart.

use doorward::base::timestamp::Timestamp;
use doorward::domain::sessions::refresh::rotation::{Moment, Presented, Rotation, Shown, Verdict};
use time::Duration;

use crate::NOON;

/// Twelve minutes after the sign-in, generation 1 was handed out and shown a
/// moment later, with these changes.
fn judged(generation: i64, mark: Timestamp, change: impl FnOnce(&mut Rotation)) -> Verdict {
    let mut row = Rotation {
        generation: 1,
        mark: NOON,
        shown: Some(Shown { mark: NOON, at: NOON }),
        parent_mark: NOON - Duration::minutes(12),
        again_at: None,
        seen_at: NOON,
    };
    change(&mut row);
    let presented = Presented { generation, mark: Some(mark), unexpired: false };
    row.judge(presented, Moment::certain(NOON + Duration::seconds(90)))
}

#[test]
fn a_parent_is_let_in_for_a_minute_after_the_last_thing_that_happened() {
    let parent = NOON - Duration::minutes(12);
    let later = |seconds| NOON + Duration::seconds(seconds);
    assert_eq!(judged(0, parent, |_| {}), Verdict::Reuse);
    assert_eq!(judged(0, parent, |row| row.mark = later(31)), Verdict::LetIn);
    assert_eq!(judged(0, parent, |row| row.again_at = Some(later(31))), Verdict::LetIn);
    let shown = |at| move |row: &mut Rotation| row.shown = Some(Shown { mark: NOON, at });
    assert_eq!(judged(0, parent, shown(later(31))), Verdict::LetIn);
    assert_eq!(judged(0, parent, shown(later(30))), Verdict::Reuse);
}

#[test]
fn a_parent_of_another_hand_out_than_was_shown_is_a_copy_at_any_time() {
    let parent = NOON - Duration::minutes(12);
    for apart in [-120, 120] {
        let other = parent + Duration::seconds(apart);
        assert_eq!(judged(0, other, |row| row.mark = NOON + Duration::SECOND), Verdict::Reuse);
        assert_eq!(judged(0, other, |row| row.shown = None), Verdict::Reuse);
    }
    let near = parent + Duration::seconds(119);
    assert!(matches!(judged(0, near, |row| row.shown = None), Verdict::Again(_)));
}

#[test]
fn the_next_generation_remembers_the_mark_that_was_shown() {
    let mark = NOON + Duration::seconds(60);
    let Verdict::Rotate(next) = judged(1, mark, |_| {}) else { panic!() };
    assert_eq!(next.parent_mark, NOON, "and not the mark that was presented");
    let Verdict::Rotate(next) = judged(1, mark, |row| row.shown = None) else { panic!() };
    assert_eq!(next.parent_mark, mark, "the only one that anybody is known to have");
}

#[test]
fn an_honest_browser_may_ask_for_half_an_hour_without_any_answer() {
    let (row, parent) = (Rotation::begun(NOON).show(0, NOON, Moment::certain(NOON)).unwrap(), 0);
    let presented = Presented { generation: parent, mark: Some(NOON), unexpired: false };
    let begun = NOON + Duration::minutes(11);
    let Verdict::Rotate(mut row) = row.judge(presented, Moment::certain(begun)) else { panic!() };
    for seconds in (30..30 * 60).step_by(30) {
        let at = Moment::certain(begun + Duration::seconds(seconds));
        let Verdict::Again(next) = row.judge(presented, at) else { panic!("{seconds} s") };
        row = next;
    }
    let end = Moment::certain(begun + Duration::minutes(30));
    assert_eq!(row.judge(presented, end), Verdict::Reuse);
}

#[test]
fn an_uncertain_clock_calls_nobody_a_thief_because_of_the_time() {
    let at = NOON + Duration::minutes(11);
    let unsure = |now| Moment { now, certain: false };
    let row = Rotation::begun(NOON).show(0, NOON, Moment::certain(NOON)).unwrap();
    let parent = Presented { generation: 0, mark: Some(NOON), unexpired: false };
    let Verdict::Rotate(row) = row.judge(parent, Moment::certain(at)) else { panic!() };
    let row = row.show(1, row.mark, Moment::certain(at)).unwrap();
    let later = at + Duration::hours(1);
    assert_eq!(row.judge(parent, unsure(later)), Verdict::LetIn);
    assert_eq!(row.judge(parent, Moment::certain(later)), Verdict::Reuse);
    assert!(row.show(1, later, unsure(later)).is_some());
    let grandparent = Presented { generation: -1, ..parent };
    assert_eq!(row.judge(grandparent, unsure(later)), Verdict::Reuse, "whatever the time");
}
