//! Sessions with the command, in `sessions/`; `TRYCMD=overwrite` writes down what it prints now.

#[test]
fn sessions() {
    trycmd::TestCases::new().case("tests/sessions/*.md").case("tests/sessions/*.toml");
}
