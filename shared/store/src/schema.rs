//! The table itself, where no template declares it.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TimeToLiveSpecification,
};

use crate::error::{Result, StoreError};
use crate::keys::{self, PK, SK};
use crate::table::Table;

impl Table {
    /// Makes the table as `template.yaml` declares it, for the embedded database. An existing table is left alone.
    pub(crate) async fn create_table(&self) -> Result<()> {
        let bad = |e| StoreError::corrupt("table", e);
        let attribute = |name: &str| {
            AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build()
        };
        let part = |name: &str, kind: KeyType| {
            KeySchemaElement::builder().attribute_name(name).key_type(kind).build()
        };
        let index = GlobalSecondaryIndex::builder()
            .index_name(keys::WORK_INDEX)
            .key_schema(part(keys::WORK_PK, KeyType::Hash).map_err(bad)?)
            .key_schema(part(keys::WORK_SK, KeyType::Range).map_err(bad)?)
            .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
            .build()
            .map_err(bad)?;
        let made = self
            .client
            .create_table()
            .table_name(&*self.name)
            .billing_mode(BillingMode::PayPerRequest)
            .attribute_definitions(attribute(PK).map_err(bad)?)
            .attribute_definitions(attribute(SK).map_err(bad)?)
            .attribute_definitions(attribute(keys::WORK_PK).map_err(bad)?)
            .attribute_definitions(attribute(keys::WORK_SK).map_err(bad)?)
            .key_schema(part(PK, KeyType::Hash).map_err(bad)?)
            .key_schema(part(SK, KeyType::Range).map_err(bad)?)
            .global_secondary_indexes(index)
            .send()
            .await;
        match made {
            Ok(_) => {}
            Err(SdkError::ServiceError(e)) if e.err().is_resource_in_use_exception() => return Ok(()),
            Err(e) => return Err(StoreError::sdk("create table", &e)),
        }
        let ttl = TimeToLiveSpecification::builder()
            .attribute_name(keys::TTL)
            .enabled(true)
            .build()
            .map_err(bad)?;
        let set = self.client.update_time_to_live().table_name(&*self.name).time_to_live_specification(ttl);
        set.send().await.map_err(|e| StoreError::sdk("set time to live", &e))?;
        Ok(())
    }
}
