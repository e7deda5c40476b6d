//! Turns `src/catalogue.yaml` into the constants that `src/catalogue.rs` includes, so that nothing is parsed at run time.

use std::fmt::Write as _;
use std::{env, error::Error, fs, path::Path};

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Row {
    name: String,
    #[serde(default)]
    container_names: Vec<String>,
    #[serde(default)]
    related_init_containers: Vec<String>,
    #[serde(default)]
    images: Vec<String>,
    r#match: Match,
    #[serde(default)]
    except_when: Vec<Condition>,
    #[serde(default)]
    stub_when: Vec<Condition>,
    need: Need,
    startup_probe: Option<serde_json::Value>,
    source: String,
}

#[derive(Debug, Deserialize)]
enum Match {
    Name,
    Image,
    Either,
    Both,
    Declared,
}

#[derive(Debug, Deserialize)]
enum Need {
    AtStart,
    Helper,
    None,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Condition {
    arg: Option<String>,
    env: Option<String>,
    annotation: Option<String>,
    kind: Option<String>,
    image: Option<String>,
    is: Option<String>,
    has: Option<String>,
}

impl Condition {
    fn to_rust(&self) -> Result<String, Box<dyn Error>> {
        let test = match (&self.is, &self.has) {
            (None, None) => "Test::Present".to_owned(),
            (Some(value), None) => format!("Test::Is({value:?})"),
            (None, Some(part)) => format!("Test::Has({part:?})"),
            (Some(_), Some(_)) => return Err("a condition has either `is` or `has`".into()),
        };
        let subjects = [
            self.arg
                .as_ref()
                .map(|flag| format!("Condition::Arg({:?}, {test})", flag.trim_start_matches('-'))),
            self.env.as_ref().map(|name| format!("Condition::Env({name:?}, {test})")),
            self.annotation.as_ref().map(|key| format!("Condition::Annotation({key:?}, {test})")),
            self.kind.as_ref().map(|kind| format!("Condition::Kind(Kind::{kind})")),
            self.image.as_ref().map(|glob| format!("Condition::Image({glob:?})")),
        ];
        let mut subjects = subjects.into_iter().flatten();
        match (subjects.next(), subjects.next()) {
            (Some(condition), None) => Ok(condition),
            _ => Err("a condition speaks of exactly one thing".into()),
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let source = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("src/catalogue.yaml");
    println!("cargo::rerun-if-changed={}", source.display());
    let catalogue = manifest::parse_one(&fs::read_to_string(source)?)?;
    let rows: Vec<Row> = serde_json::from_value(catalogue)?;

    let mut code = "&[\n".to_owned();
    for row in rows {
        let conditions = |conditions: &[Condition]| -> Result<String, Box<dyn Error>> {
            let conditions: Result<Vec<_>, _> = conditions.iter().map(Condition::to_rust).collect();
            Ok(format!("&[{}]", conditions?.join(", ")))
        };
        writeln!(code, "Row {{")?;
        writeln!(code, "    name: {:?},", row.name)?;
        writeln!(code, "    container_names: &{:?},", row.container_names)?;
        writeln!(code, "    related_init_containers: &{:?},", row.related_init_containers)?;
        writeln!(code, "    images: &{:?},", row.images)?;
        writeln!(code, "    matched_by: Match::{:?},", row.r#match)?;
        writeln!(code, "    except_when: {},", conditions(&row.except_when)?)?;
        writeln!(code, "    stub_when: {},", conditions(&row.stub_when)?)?;
        writeln!(code, "    need: Need::{:?},", row.need)?;
        writeln!(code, "    startup_probe: {:?},", row.startup_probe.map(|probe| probe.to_string()))?;
        writeln!(code, "    source: {:?},", row.source)?;
        writeln!(code, "}},")?;
    }
    code += "]\n";
    fs::write(Path::new(&env::var("OUT_DIR")?).join("rows.rs"), code)?;
    Ok(())
}
