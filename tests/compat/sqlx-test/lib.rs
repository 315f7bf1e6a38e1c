//! Sessions for sqlx's tests, by `DATABASE_URL`.

use std::env;

use sqlx::pool::PoolOptions;
use sqlx::{Connection, Database, Pool};

pub fn setup_if_needed() {}

pub async fn new<DB: Database>() -> anyhow::Result<DB::Connection> {
    Ok(DB::Connection::connect(&env::var("DATABASE_URL")?).await?)
}

pub async fn pool<DB: Database>() -> anyhow::Result<Pool<DB>> {
    Ok(PoolOptions::<DB>::new().min_connections(0).max_connections(5).test_before_acquire(true).connect(&env::var("DATABASE_URL")?).await?)
}
