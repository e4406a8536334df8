// libpq's public interface (PostgreSQL, "libpq - C Library").
#pragma once
#include <libpq-fe.h>

/// The query just sent answers its rows in parts: some hundred at a time from libpq 17 on, before that one by one. 1: done.
static inline int lyceum_row_mode(PGconn *connection) {
#ifdef LIBPQ_HAS_CHUNK_MODE
    return PQsetChunkedRowsMode(connection, 256);
#else
    return PQsetSingleRowMode(connection);
#endif
}

/// Whether a result is such a part.
static inline int lyceum_are_rows(ExecStatusType status) {
#ifdef LIBPQ_HAS_CHUNK_MODE
    if (status == PGRES_TUPLES_CHUNK) return 1;
#endif
    return status == PGRES_SINGLE_TUPLE;
}
