//! Examples of bodies and answers: those of the contract where they fit. Pure.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// One operation's examples, as they are written down.
#[derive(Deserialize)]
struct Written {
    /// What is sent. Kept as text, so that 25.00 stays 25.00.
    request: Option<Box<RawValue>>,
    /// What comes back when all is well. A text such as `$order` stands for a thing that several share.
    answer: Option<Value>,
}

static EXAMPLES: LazyLock<BTreeMap<String, Written>> =
    LazyLock::new(|| serde_json::from_str(include_str!("examples.json")).unwrap_or_default());
static THINGS: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    let mut things: BTreeMap<String, Value> = serde_json::from_str(include_str!("things.json")).unwrap_or_default();
    if let Some(order) = things.get("$order").cloned() {
        let mut moved = order.clone();
        moved["changed"] = true.into();
        moved["passed_through"] = Value::Array(Vec::new());
        let mut pending = order;
        for (field, value) in [("status", "pending"), ("stage", "placed"), ("payment_status", "unpaid")] {
            pending[field] = value.into();
        }
        pending["payment_state_simple"] = "unpaid".into();
        pending["amount_due"] = pending["total"].clone();
        pending["paid"] = 0.0.into();
        pending["paid_at"] = Value::Null;
        things.insert("$moved".to_owned(), moved);
        things.insert("$pending".to_owned(), pending);
    }
    if let Some(mut webhook) = things.get("$webhook").cloned() {
        webhook["secret"] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into();
        things.insert("$new_webhook".to_owned(), webhook);
    }
    things
});

/// What is sent to an operation and what comes back, where there are examples.
pub fn of(id: &str) -> Option<(Option<Value>, Option<Value>)> {
    let written = EXAMPLES.get(id)?;
    let request = written.request.as_ref().and_then(|text| serde_json::from_str(text.get()).ok());
    Some((request, written.answer.as_ref().map(whole)))
}

/// What is sent to an operation, as it is typed.
pub fn request_text(id: &str) -> Option<String> {
    let text = EXAMPLES.get(id)?.request.as_ref()?.get();
    // Written down below a name of the file, it hangs that far to the right.
    Some(text.lines().map(|line| line.strip_prefix("    ").unwrap_or(line)).collect::<Vec<_>>().join("\n"))
}

/// Every operation with examples.
pub fn ids() -> Vec<&'static str> {
    EXAMPLES.keys().map(String::as_str).collect()
}

/// Puts things in the place of their names.
fn whole(value: &Value) -> Value {
    match value {
        Value::String(name) => THINGS.get(name).cloned().unwrap_or_else(|| value.clone()),
        Value::Array(values) => values.iter().map(whole).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), whole(value))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}
