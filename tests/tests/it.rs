//! The one integration-test binary. Each module is a way of looking at Takt from outside.

mod architecture;
