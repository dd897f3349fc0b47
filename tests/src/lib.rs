//! Placeholder while the workspace's dependencies compile.
