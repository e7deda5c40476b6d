//! Pause containers, which keep a Pod alive and are not an application.

use crate::model::container_fields::ContainerFields;
use crate::model::glob::matches_repository;

/// Where Kubernetes and its distributions publish the image, and mirrors that keep the path: the registry and path without the last
/// component. Sources: `build/pause/Makefile` in kubernetes/kubernetes (`registry.k8s.io`, and `gcr.io/google_containers` before), and
/// the sandbox images of AKS, EKS, GKE and RKE2.
const PARENTS: [&str; 10] = [
    "*/registry.k8s.io",
    "*/k8s.gcr.io",
    "gke.gcr.io",
    "*/google_containers",
    "*/google-containers",
    "mcr.microsoft.com/oss/kubernetes",
    "mcr.microsoft.com/oss/v2/kubernetes",
    "public.ecr.aws/eks-distro/kubernetes",
    "*.dkr.ecr.*.amazonaws.com/eks",
    "*/rancher",
];

/// Whether a container is a pause container. With a command of its own, the image could run anything.
pub(crate) fn is_pause(fields: &ContainerFields<'_>, repository: &str) -> bool {
    let Some((parent, name)) = repository.rsplit_once('/') else { return false };
    let is_name = matches!(name, "pause" | "mirrored-pause") || name.starts_with("pause-");
    is_name && fields.command.is_empty() && PARENTS.iter().any(|known| matches_repository(known, parent))
}
