//! The targets.

pub(crate) mod commands;
pub(crate) mod fix;
pub(crate) mod images;
pub(crate) mod manifests;
pub(crate) mod payload;
pub(crate) mod pods;
pub(crate) mod settings;
pub(crate) mod startup;
