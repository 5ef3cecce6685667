//! The guide: what an application needs to know beyond single items, one chapter per module.
//!
//! Sites that render their pages on the server start with [`pages`]; [`troubleshooting`] is sorted
//! by symptom.

#[doc = include_str!("../docs/pages.md")]
pub mod pages {}

#[doc = include_str!("../docs/databases.md")]
pub mod databases {}

#[doc(alias = "DBSC")]
#[doc(alias = "Device Bound Session Credentials")]
#[doc = include_str!("../docs/device_bound.md")]
pub mod device_bound {}

#[doc(alias = "server-sent events")]
#[doc(alias = "EventSource")]
#[doc(alias = "WebSocket")]
#[doc = include_str!("../docs/streams.md")]
pub mod streams {}

#[doc(alias = "nginx")]
#[doc(alias = "proxy")]
#[doc(alias = "replicas")]
#[doc = include_str!("../docs/deployment.md")]
pub mod deployment {}

#[doc = include_str!("../docs/troubleshooting.md")]
pub mod troubleshooting {}

#[doc = include_str!("../docs/supertokens.md")]
pub mod supertokens {}

#[doc = include_str!("../docs/design.md")]
pub mod design {}

#[doc = include_str!("../docs/compare.md")]
pub mod compare {}
