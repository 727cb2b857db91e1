//! The world, and everything going wrong in it on purpose. A thing belongs here if a seed decides it, or if it stands for a
//! foreign system.

pub mod clock;
pub mod gate;
pub mod logs;
pub mod played;
pub mod sim;
pub mod world;
