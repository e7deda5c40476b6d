//! The start-up graph, held against an independent kubelet.

use crate::draw::Draw;

/// What is said of a Pod is what becomes of it, before a repair and after.
pub(crate) fn hold(bytes: &[u8]) -> anyhow::Result<()> {
    let mut draw = Draw::new(bytes);
    kubelet::hold_of_chosen(&mut |limit| draw.below(limit))
}
