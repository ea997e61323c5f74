//! The schools for which somebody can sign in.

use domain::people::{Role, Standing};
use store::{Membership, User};

use crate::error::Result;
use crate::state::ApiState;

/// The memberships with which a user can sign in.
pub(crate) async fn working(state: &ApiState, user: &User) -> Result<Vec<Membership>> {
    let mut memberships = state.store().memberships(user).await?;
    memberships.retain(|m| m.standing() == Standing::Enabled && m.roles().has(Role::User));
    Ok(memberships)
}
