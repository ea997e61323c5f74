//! Shapes for the API's description that the domain's own types stand for.

use domain::audience::SendTo;
use domain::channel::Channel;
use domain::contact::ContactRole;
use domain::delivery::DeliveryState;
use domain::message::Purpose;
use domain::routing::Routing;
use utoipa::openapi::schema::{AdditionalProperties, Object, ObjectBuilder, SchemaType, Type};

fn one_of(description: &str, codes: impl IntoIterator<Item = &'static str>) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .description(Some(description))
        .enum_values(Some(codes))
}

pub(crate) fn purpose() -> Object {
    one_of("What the message is for", Purpose::ALL.map(Purpose::code)).build()
}

pub(crate) fn channel() -> Object {
    one_of("How it reaches people", Channel::ALL.map(Channel::code)).build()
}

fn channel_to_people() -> Object {
    one_of("How it reaches people", Channel::to_people().map(Channel::code)).build()
}

pub(crate) fn channels() -> utoipa::openapi::schema::Array {
    utoipa::openapi::schema::ArrayBuilder::new().items(channel_to_people()).min_items(Some(1)).build()
}

pub(crate) fn routing() -> Object {
    one_of("Text first, call first, or both", Routing::ALL.map(Routing::code)).build()
}

pub(crate) fn role() -> Object {
    one_of("What the person is to the school", ContactRole::ALL.map(ContactRole::code)).build()
}

pub(crate) fn send_to() -> Object {
    one_of("Which adults of a pupil", SendTo::ALL.map(SendTo::code)).build()
}

pub(crate) fn delivery_state() -> Object {
    one_of("Status of the delivery", DeliveryState::ALL.map(DeliveryState::code)).build()
}

pub(crate) fn message_state() -> Object {
    let codes =
        ["awaiting_authorisation", "scheduled", "queued", "sending", "finished", "stopped", "rejected"];
    one_of("Status of the message", codes).build()
}

pub(crate) fn totals() -> Object {
    let count = ObjectBuilder::new().schema_type(SchemaType::new(Type::Integer)).minimum(Some(0)).build();
    ObjectBuilder::new()
        .description(Some("Number of deliveries in each state; states without any are left out"))
        .property_names(Some(delivery_state()))
        .additional_properties(Some(AdditionalProperties::RefOr(count.into())))
        .examples([serde_json::json!({"delivered": 2961, "permanent_failure": 12, "unknown": 3})])
        .build()
}
