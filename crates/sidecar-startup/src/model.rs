//! The parts of Kubernetes that this library needs: objects, requests, nodes, and how their fields are read and named.

pub(crate) mod api_rules;
pub mod cluster;
pub mod container_fields;
pub(crate) mod container_id;
pub(crate) mod explain;
pub mod field;
pub mod gate;
pub mod glob;
pub mod handler;
pub mod image;
pub mod istio_config;
pub mod object;
pub mod owners;
pub mod read;
pub mod request;
pub mod resources;
pub mod scheduling;
pub mod template;
pub(crate) mod texts;
pub mod timing;
pub(crate) mod version;
pub mod view;
pub mod volumes;
