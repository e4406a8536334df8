// libpq's public interface.
#pragma once
#include <libpq-fe.h>

/// Makes the query just sent return its rows in parts: up to 256 at a time from libpq 17 on, one by one before. 1 on
/// success.
static inline int lyceum_row_mode(PGconn *connection) {
#ifdef LIBPQ_HAS_CHUNK_MODE
    return PQsetChunkedRowsMode(connection, 256);
#else
    return PQsetSingleRowMode(connection);
#endif
}

/// Whether the result is such a part.
static inline int lyceum_are_rows(ExecStatusType status) {
#ifdef LIBPQ_HAS_CHUNK_MODE
    if (status == PGRES_TUPLES_CHUNK) return 1;
#endif
    return status == PGRES_SINGLE_TUPLE;
}
