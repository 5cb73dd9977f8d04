//! Reads the document of the API as a client would: operations, schemas, and whether a value is as a
//! schema says.

use serde_json::Value;

/// The served document.
pub struct Contract(pub Value);

/// One operation of it.
pub struct Operation<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its method, in capitals.
    pub method: String,
    /// Its path, with names in braces.
    pub path: &'a str,
    /// Everything it says.
    pub told: &'a Value,
}

impl Contract {
    /// Every operation.
    pub fn operations(&self) -> Vec<Operation<'_>> {
        let mut found = Vec::new();
        for (path, methods) in self.0["paths"].as_object().unwrap() {
            for (method, told) in methods.as_object().unwrap() {
                let id = told["operationId"].as_str().unwrap();
                found.push(Operation { id, method: method.to_uppercase(), path, told });
            }
        }
        found
    }
    /// Follows `$ref`.
    pub fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(path) => self.0.pointer(&path[1..]).unwrap_or_else(|| panic!("{path} leads nowhere")),
            None => value,
        }
    }
    /// What is wrong with a value, if anything.
    pub fn faults(&self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let schema = self.resolve(schema);
        for word in ["oneOf", "anyOf"] {
            if let Some(all) = schema[word].as_array() {
                let fits = all.iter().any(|one| self.faults(one, value, at).is_empty());
                return if fits { Vec::new() } else { vec![format!("{at}: {value} fits nothing of {schema}")] };
            }
        }
        let mut faults = Vec::new();
        if let Some(types) = types(schema)
            && !types.iter().any(|name| is_a(name, value))
        {
            return vec![format!("{at}: {value} is no {}", types.join(" or "))];
        }
        if let Some(words) = schema["enum"].as_array()
            && !words.contains(value)
        {
            faults.push(format!("{at}: {value} is none of {words:?}"));
        }
        match value {
            Value::Object(fields) => {
                let known = self.properties(schema);
                for name in self.required(schema) {
                    if !fields.contains_key(&name) {
                        faults.push(format!("{at}: {name} is missing"));
                    }
                }
                for (name, field) in fields {
                    match known.iter().find(|(known, _)| *known == name) {
                        Some((_, schema)) => faults.extend(self.faults(schema, field, &format!("{at}/{name}"))),
                        None if known.is_empty() => {}
                        None => faults.push(format!("{at}: {name} is not documented")),
                    }
                }
            }
            Value::Array(values) => {
                for (place, one) in values.iter().enumerate() {
                    faults.extend(self.faults(&schema["items"], one, &format!("{at}/{place}")));
                }
            }
            Value::String(text) => faults.extend(text_faults(schema, text, at)),
            Value::Number(number) => {
                let number = number.as_f64().unwrap();
                if schema["minimum"].as_f64().is_some_and(|least| number < least)
                    || schema["maximum"].as_f64().is_some_and(|most| number > most)
                {
                    faults.push(format!("{at}: {number} is out of range"));
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
        faults
    }
    fn properties<'a>(&'a self, schema: &'a Value) -> Vec<(&'a String, &'a Value)> {
        let schema = self.resolve(schema);
        let parts = schema["allOf"].as_array().into_iter().flatten().flat_map(|part| self.properties(part));
        schema["properties"].as_object().into_iter().flatten().chain(parts).collect()
    }
    fn required(&self, schema: &Value) -> Vec<String> {
        let schema = self.resolve(schema);
        let own = schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap().to_owned());
        own.chain(schema["allOf"].as_array().into_iter().flatten().flat_map(|part| self.required(part))).collect()
    }
}

fn types(schema: &Value) -> Option<Vec<&str>> {
    match &schema["type"] {
        Value::String(one) => Some(vec![one]),
        Value::Array(all) => Some(all.iter().map(|one| one.as_str().unwrap()).collect()),
        _ => None,
    }
}

fn is_a(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other} is no type"),
    }
}

fn text_faults(schema: &Value, text: &str, at: &str) -> Vec<String> {
    let long = u64::try_from(text.chars().count()).unwrap();
    let mut faults = Vec::new();
    if schema["minLength"].as_u64().is_some_and(|least| long < least)
        || schema["maxLength"].as_u64().is_some_and(|most| long > most)
    {
        faults.push(format!("{at}: {text:?} has {long} characters"));
    }
    let wrong = match schema["format"].as_str() {
        Some("uuid") => uuid::Uuid::parse_str(text).is_err(),
        Some("date-time") => !(text.contains('T') && text.ends_with('Z')),
        _ => false,
    };
    if wrong {
        faults.push(format!("{at}: {text:?} is no {}", schema["format"]));
    }
    faults
}
