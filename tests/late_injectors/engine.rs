//! Evaluates the policy as the API server does: the match conditions, the variables in their order, and the mutations one after another
//! (apiserver `pkg/admission/plugin/policy/mutating`). An error is an error here, as with `failurePolicy: Fail`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use anyhow::{Context as _, anyhow, ensure};
use cel::common::types::{CelMap, CelMapKey, Type};
use cel::common::value::{CowVal, Val};
use cel::extractors::This;
use cel::{Context, Env, ExecutionError, Program, StructType, Value as CelValue, extensions};
use regex::Regex;
use serde_json::{Value, json};

/// The types that the mutations construct.
const TYPES: [&str; 4] = [
    "JSONPatch",
    "Object.spec.initContainers.startupProbe",
    "Object.spec.initContainers.startupProbe.exec",
    "Object.spec.initContainers.startupProbe.httpGet",
];

/// The compiled policy.
pub(crate) struct Policy {
    env: Arc<Env>,
    conditions: Vec<(String, Program)>,
    variables: Vec<(String, Program)>,
    mutations: Vec<Program>,
}

/// A typed object of CEL, read as its fields.
struct Fields(Type);

impl StructType for Fields {
    fn get_type(&self) -> &Type {
        &self.0
    }

    fn new_value<'b, 'v>(
        &self,
        fields: BTreeMap<String, CowVal<'b, 'v>>,
    ) -> Result<Box<dyn Val + 'v>, ExecutionError> {
        let fields = fields.into_iter().map(|(name, value)| (CelMapKey::from(name), value.into_owned()));
        Ok(Box::new(CelMap::from(fields.collect::<HashMap<_, _>>())))
    }
}

impl Policy {
    /// Compiles the expressions of a policy.
    pub(crate) fn compile(policy: &Value) -> anyhow::Result<Self> {
        let mut env = Env::stdlib();
        env.add_extension(extensions::lists)?;
        env.add_extension(extensions::strings)?;
        for name in TYPES {
            env.add_type(Fields(Type::new_struct(name.to_owned())))?;
        }
        let compiled = |text: &Value| -> anyhow::Result<Program> {
            let text = text.as_str().context("no expression")?;
            env.compile(text).map_err(|error| anyhow!("{text}: {error}"))
        };
        let named = |list: &str| -> anyhow::Result<Vec<(String, Program)>> {
            let items = policy["spec"][list].as_array().with_context(|| format!("no {list}"))?;
            let item = |item: &Value| {
                Ok((item["name"].as_str().unwrap_or_default().to_owned(), compiled(&item["expression"])?))
            };
            items.iter().map(item).collect()
        };
        let conditions = named("matchConditions")?;
        let variables = named("variables")?;
        let mutations = policy["spec"]["mutations"].as_array().context("no mutations")?;
        let mutations = mutations
            .iter()
            .map(|mutation| {
                ensure!(mutation["patchType"] == "JSONPatch", "{}", mutation["patchType"]);
                compiled(&mutation["jsonPatch"]["expression"])
            })
            .collect::<anyhow::Result<_>>()?;
        Ok(Self { env: Arc::new(env), conditions, variables, mutations })
    }

    /// What the API server makes of a Pod that is created in a namespace.
    pub(crate) fn mutate(&self, pod: &Value, namespace: &Value) -> anyhow::Result<Value> {
        self.mutate_late(pod, pod, namespace)
    }

    /// What it makes of a Pod that a webhook has changed since it was sent: it asks again only if the match conditions held at first,
    /// too (`Dispatch` in `pkg/admission/plugin/policy/mutating/dispatcher.go`).
    pub(crate) fn mutate_late(&self, sent: &Value, pod: &Value, namespace: &Value) -> anyhow::Result<Value> {
        for object in [sent, pod] {
            for (name, condition) in &self.conditions {
                let holds =
                    evaluate(condition, &self.context(object, namespace)?).with_context(|| name.clone())?;
                if holds != CelValue::Bool(true) {
                    return Ok(pod.clone());
                }
            }
        }
        let mut pod = pod.clone();
        let mut context = self.context_with_variables(&pod, namespace)?;
        for mutation in &self.mutations {
            let patch = evaluate(mutation, &context)?;
            let patch = patch.json().map_err(|error| anyhow!("{error}"))?;
            let patch: json_patch::Patch = serde_json::from_value(patch)?;
            let paths: BTreeSet<_> = patch.iter().map(|operation| operation.path().to_string()).collect();
            ensure!(paths.len() == patch.len(), "two rows take the same container: {patch:?}");
            if !patch.is_empty() {
                json_patch::patch(&mut pod, &patch)?;
                context = self.context_with_variables(&pod, namespace)?;
            }
        }
        Ok(pod)
    }

    /// Whether a mesh's proxy is in a Pod, or will be.
    pub(crate) fn is_meshed(&self, pod: &Value) -> anyhow::Result<bool> {
        let context = self.context_with_variables(pod, &json!({}))?;
        let program = self.env.compile("variables.meshed").map_err(|error| anyhow!("{error}"))?;
        Ok(evaluate(&program, &context)? == CelValue::Bool(true))
    }

    /// A context with the policy's variables, which it evaluates anew for each object.
    fn context_with_variables(
        &self,
        pod: &Value,
        namespace: &Value,
    ) -> anyhow::Result<Context<'static, 'static>> {
        let mut context = self.context(pod, namespace)?;
        let mut variables = HashMap::new();
        for (name, variable) in &self.variables {
            let value = evaluate(variable, &context).with_context(|| name.clone())?;
            variables.insert(name.clone(), value);
            context.add_variable_from_value("variables", variables.clone());
        }
        Ok(context)
    }

    /// A context without the policy's variables.
    fn context(&self, pod: &Value, namespace: &Value) -> anyhow::Result<Context<'static, 'static>> {
        let mut context = Context::with_env(Arc::clone(&self.env));
        // Of Kubernetes' own library for regular expressions.
        context.add_function("find", |This(text): This<Arc<String>>, pattern: Arc<String>| {
            let pattern =
                Regex::new(&pattern).map_err(|error| ExecutionError::function_error("find", error))?;
            Ok::<CelValue, ExecutionError>(pattern.find(&text).map_or("", |found| found.as_str()).into())
        })?;
        let object = |value: &Value| cel::to_value(value).map_err(|error| anyhow!("{error}"));
        context.add_variable_from_value("object", object(pod)?);
        context.add_variable_from_value("namespaceObject", object(&json!({"metadata": namespace}))?);
        Ok(context)
    }
}

fn evaluate(program: &Program, context: &Context<'_, '_>) -> anyhow::Result<CelValue> {
    program.execute(context).map_err(|error| anyhow!("{error}"))
}
