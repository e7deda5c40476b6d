//! Holds the library against an independent kubelet, see the crate `kubelet`.

use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let test = |(name, run): kubelet::Test| {
        Trial::test(name, move || run().map_err(|error| Failed::from(format!("{error:#}"))))
    };
    libtest_mimic::run(&Arguments::from_args(), kubelet::TESTS.map(test).into()).exit();
}
