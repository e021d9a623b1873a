"""Who the workspace, its metastore, its warehouse and its service principal are."""

from __future__ import annotations

ACCOUNT_ID = "6f1c2f0e-37a4-4c8f-9a64-0f5d6a0d9b11"
WORKSPACE_ID = "3127456098123477"
METASTORE_ID = "b9a4e5c8-2d07-4a1e-8a52-3d5c1f6e7a90"
CLIENT_ID = "4e7d2b90-5a13-4c1b-9f0a-8d2c6b7e1f35"
CLIENT_SECRET = "stand-in-secret-of-the-service-principal"
WAREHOUSE_ID = "a1b2c3d4e5f60718"
CATALOG = "main"
HIVE = "hive_metastore"
ADMINISTRATOR = "administrator"
