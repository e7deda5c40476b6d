//! The types of Kubernetes read every repaired object.

use k8s_openapi::api::{apps::v1 as apps, batch::v1 as batch, core::v1 as core};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The types of Kubernetes read the object.
pub(crate) fn kubernetes_reads_it(object: &Value) -> anyhow::Result<()> {
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    match (text("apiVersion"), text("kind")) {
        ("v1", "Pod") => reads::<core::Pod>(object),
        ("v1", "PodTemplate") => reads::<core::PodTemplate>(object),
        ("v1", "ReplicationController") => reads::<core::ReplicationController>(object),
        ("apps/v1", "Deployment") => reads::<apps::Deployment>(object),
        ("apps/v1", "ReplicaSet") => reads::<apps::ReplicaSet>(object),
        ("apps/v1", "StatefulSet") => reads::<apps::StatefulSet>(object),
        ("apps/v1", "DaemonSet") => reads::<apps::DaemonSet>(object),
        ("batch/v1", "Job") => reads::<batch::Job>(object),
        ("batch/v1", "CronJob") => reads::<batch::CronJob>(object),
        _ => Ok(()),
    }
}

fn reads<T: DeserializeOwned>(object: &Value) -> anyhow::Result<()> {
    let mut object = object.clone();
    // A manifest may leave out what the API server fills in.
    if let Some(fields) = object.as_object_mut() {
        fields.entry("metadata").or_insert_with(|| json!({}));
    }
    for place in ["/spec", "/spec/jobTemplate/spec"] {
        if let Some(fields) = object.pointer_mut(place).and_then(Value::as_object_mut)
            && fields.contains_key("template")
        {
            fields.entry("selector").or_insert_with(|| json!({}));
            fields.entry("serviceName").or_insert_with(|| json!(""));
        }
        if let Some(fields) = object.pointer_mut(place).and_then(Value::as_object_mut)
            && fields.contains_key("jobTemplate")
        {
            fields.entry("schedule").or_insert_with(|| json!("@daily"));
        }
    }
    serde_json::from_value::<T>(object)?;
    Ok(())
}
