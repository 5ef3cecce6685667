//! What an honest client is promised, however the network shuffles its requests and answers.

use std::ops::RangeInclusive;

use proptest::prelude::*;

use crate::K;
use crate::script::{End, Fate, Step};
use crate::server::{Broken, D, M, POLICY, Rule, SKEW, VALIDITY, production};
use crate::world::World;

/// How many steps a schedule has, and how they are spread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    pub(crate) longest_wait: i64,
    pub(crate) double_clicks: bool,
    /// At most so many requests and answers are lost.
    pub(crate) losses: usize,
}

/// Long pauses, double clicks, and now and then a network that loses nearly everything.
pub(crate) const ROUGH: Weather = Weather {
    longest_wait: VALIDITY / 2,
    double_clicks: true,
    losses: usize::MAX,
};

/// Schedules of one to three tabs.
pub(crate) fn steps(
    weather: Weather,
    length: RangeInclusive<usize>,
) -> impl Strategy<Value = Vec<Step>> {
    let lossy = prop_oneof![Just(0_u8), Just(20), Just(90)];
    (1_usize..=3, lossy).prop_flat_map(move |(tabs, lossy)| {
        prop::collection::vec(step(weather, tabs, lossy), length.clone()).prop_map(
            move |mut steps| {
                let lost = steps.iter_mut().filter(|step| step.fate != Fate::Answered);
                for step in lost.skip(weather.losses) {
                    step.fate = Fate::Answered;
                }
                steps
            },
        )
    })
}

fn step(weather: Weather, tabs: usize, lossy: u8) -> impl Strategy<Value = Step> {
    let fate = (0_u8..100, any::<bool>()).prop_map(move |(luck, request)| match request {
        _ if luck >= lossy => Fate::Answered,
        true => Fate::RequestLost,
        false => Fate::AnswerLost,
    });
    let double_click = prop::bool::weighted(if weather.double_clicks { 0.3 } else { 0.0 });
    (
        wait(weather.longest_wait),
        0..tabs,
        double_click,
        (0..=D, 0..=D),
        fate,
        0..=SKEW,
    )
        .prop_map(|(wait, tab, impatient, (one, other), fate, skew)| Step {
            wait,
            tab,
            impatient,
            serve: one.min(other),
            answer: one.max(other),
            fate,
            skew,
        })
}

/// Mostly as short as a round trip, often about M, seldom long.
pub(crate) fn wait(longest: i64) -> impl Strategy<Value = i64> {
    prop_oneof![4 => 0..=D, 3 => M - 3..=M + 1, 2 => 0..=3 * M, 1 => 0..=longest]
}

/// The schedule, and then a few refreshes in fair weather.
pub(crate) fn honest(rule: Rule, steps: &[Step]) -> Result<End, Broken> {
    let mut world = World::new(rule, POLICY, steps, None);
    match world.play()? {
        End::Working => world.settle(),
        end => Ok(end),
    }
}

proptest! {
    /// Never theft, never over before the promised end, the jar's token works at every instant and
    /// rotates again in fair weather; never more children than the cap, no token lost, the
    /// generation never falls.
    #[test]
    fn an_honest_client_keeps_its_session_in_any_weather(steps in steps(ROUGH, 1..=60)) {
        let end = honest(production, &steps);
        prop_assert!(matches!(end, Ok(End::Working | End::Expired | End::Capped)), "{:?}", end);
    }

    /// Without long pauses the whole schedule is shorter than a session, so that nothing excuses an
    /// end but as many lost answers as the cap allows.
    #[test]
    fn an_honest_client_that_keeps_coming_is_never_sent_away(
        steps in steps(Weather { longest_wait: 3 * M, ..ROUGH }, 1..=40),
    ) {
        let end = honest(production, &steps);
        prop_assert!(matches!(end, Ok(End::Working | End::Capped)), "{:?}", end);
    }

    /// With so few losses the cap is never met: one more for each of three tabs.
    #[test]
    fn an_honest_client_that_loses_few_answers_always_rotates(
        steps in steps(Weather { longest_wait: 3 * M, double_clicks: false, losses: K - 4 }, 1..=40),
    ) {
        prop_assert_eq!(honest(production, &steps), Ok(End::Working));
    }
}
