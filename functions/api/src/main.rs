//! The Lambda function `api`.

use std::sync::Arc;

use api::{ApiConfig, ApiState, Ports, upload_origin, x_linker};
use runtime::{Aws, Clock, Config, Ids, S3Files, SecretsManager, SqsQueue, mis_secrets};
use store::Store;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    runtime::start_logging();
    let config = Config::from_env()?;
    let aws = Aws::in_lambda()?;
    let files = S3Files::new(aws.s3(), config.files_bucket.clone(), config.audit_bucket.clone());
    let settings = ApiConfig {
        numbers: config.number_mode(),
        x: x_linker(&config)?,
        upload_origin: upload_origin(&files).await,
        public_url: config.public_url,
        twilio_account_sid: config.twilio.account_sid,
        twilio_auth_token: config.twilio.auth_token,
        reference_key: config.reference_key,
    };
    let ports = Ports {
        store: Store::new(aws.dynamodb(), &config.table_name),
        queue: Arc::new(SqsQueue::new(aws.sqs(), config.queues)),
        files: Arc::new(files),
        vault: Arc::new(SecretsManager::new(aws.secrets(), mis_secrets()?)),
        clock: Clock::system(),
        ids: Ids::system(),
    };
    lambda_http::run(api::router(ApiState::new(ports, settings)?)).await
}
