// libpq's public interface (PostgreSQL, "libpq - C Library").
#pragma once
#include <libpq-fe.h>
