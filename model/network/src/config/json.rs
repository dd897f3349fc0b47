//! JSON as other people's libraries write it.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads JSON in which a field that is null says as much as one that is not there.
///
/// # Errors
/// When the text is no JSON, or not that of the type.
pub fn from_json<T: DeserializeOwned>(text: &[u8]) -> serde_json::Result<T> {
    let mut value = serde_json::from_slice(text)?;
    drop_nulls(&mut value);
    // of what is wrong the text itself can say where
    serde_json::from_value(value).map_err(|error| serde_json::from_slice::<T>(text).err().unwrap_or(error))
}

fn drop_nulls(value: &mut Value) {
    let Value::Object(fields) = value else { return };
    fields.retain(|_, value| !value.is_null());
    fields.values_mut().for_each(drop_nulls);
}
