//! The table as tests have it, with an ear on the wire.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use runtime::database_at;
use store::{Access, School, Store};
use testkit::{Database, TABLE, school_id};

/// A database of its own for one test. It stops when dropped.
pub(crate) struct TestTable {
    /// The store under test.
    pub(crate) store: Store,
    /// A client that is neither counted nor hooked.
    pub(crate) client: Client,
    /// What `store` has sent.
    pub(crate) calls: Calls,
    _database: Database,
}

impl TestTable {
    /// An empty table. The test must run on more than one thread: `#[tokio::test(flavor = "multi_thread")]`.
    pub(crate) async fn start() -> Self {
        let database = Database::start().await;
        let (calls, client) = (Calls::default(), database_at(database.url()));
        let counted = client.config().to_builder().interceptor(calls.clone()).build();
        let store = Store::new(Client::from_conf(counted), TABLE);
        store.create_table().await.unwrap();
        calls.take();
        Self { store, client, calls, _database: database }
    }

    /// The `number`-th school, through the store under test.
    pub(crate) fn school(&self, number: u128) -> School {
        self.store.school(Access::of_operator(school_id(number)))
    }

    /// The same school through a client that is neither counted nor hooked.
    pub(crate) fn quiet_school(&self, number: u128) -> School {
        Store::new(self.client.clone(), TABLE).school(Access::of_operator(school_id(number)))
    }
}

type Action = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What to run before which call of which operation, counted down to 1.
type Hook = (&'static str, usize, Action);

/// Listens on what the store sends, and can slip something in before it.
#[derive(Clone, Default)]
pub(crate) struct Calls {
    sent: Arc<Mutex<Vec<String>>>,
    hook: Arc<Mutex<Option<Hook>>>,
}

impl Calls {
    /// The operations sent since the last time, such as `GetItem`.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.sent.lock().unwrap())
    }

    /// Runs `action` once, just before the `nth` (from 1) coming call of this operation.
    pub(crate) fn before(
        &self,
        operation: &'static str,
        nth: usize,
        action: impl Future<Output = ()> + Send + 'static,
    ) {
        *self.hook.lock().unwrap() = Some((operation, nth, Box::pin(action)));
    }

    fn due(&self, sent: &str) -> Option<Action> {
        let mut hook = self.hook.lock().unwrap();
        let (operation, nth, _) = hook.as_mut()?;
        if *operation != sent {
            return None;
        }
        *nth -= 1;
        if *nth > 0 { None } else { hook.take().map(|(_, _, action)| action) }
    }
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Calls")
    }
}

impl Intercept for Calls {
    fn name(&self) -> &'static str {
        "calls"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), aws_sdk_dynamodb::error::BoxError> {
        let target = context.request().headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        self.sent.lock().unwrap().push(operation.clone());
        if let Some(action) = self.due(&operation) {
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(action));
        }
        Ok(())
    }
}
