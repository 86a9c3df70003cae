"""Many cases at once: tables, CSV and Parquet files, Dask."""
