//! The simulators from outside: over HTTP, as the product meets them.

#[cfg(test)]
mod client;
#[cfg(test)]
mod durability;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod outbox;
#[cfg(test)]
mod product;
#[cfg(test)]
mod ses;
#[cfg(test)]
mod signatures;
#[cfg(test)]
mod twilio;
