package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"strconv"
	"sync"

	"github.com/jackc/pgconn"
	"github.com/jackc/pgx/v4"
	"github.com/jackc/pgx/v4/pgxpool"
)

// work is what script/bench took from Lyceum's session with PostgreSQL.
type work struct {
	Issuer    string
	Audience  string
	Endpoints map[string]*endpointWork
}

type endpointWork struct {
	// Statements of one request: the tenant's prefix, then those whose rows `JSON` numbers from 0.
	Statements []*statement
	JSON       []step
}

type statement struct {
	SQL        string
	Parameters []parameter
	name       string
	once       sync.Once
	shape      *shape
}

// parameter is a request's value by its name, otherwise a constant, otherwise NULL.
type parameter struct {
	Name  string
	Value *string
}

func readWork(path string) (*work, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	result := &work{}
	if err := json.Unmarshal(text, result); err != nil {
		return nil, err
	}
	for name, endpoint := range result.Endpoints {
		for i := range endpoint.Statements {
			endpoint.Statements[i].name = fmt.Sprintf("%s_%d", name, i)
		}
	}
	return result, nil
}

// connect opens a pool whose sessions have the settings of Lyceum's read lane, with every statement prepared.
func connect(url, size string, work *work) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	count, err := strconv.Atoi(size)
	if err != nil {
		return nil, err
	}
	config.MaxConns = int32(count)
	config.MinConns = int32(count)
	for name, value := range map[string]string{
		"TimeZone": "UTC", "DateStyle": "ISO", "lock_timeout": "2000", "jit": "off",
		"plan_cache_mode": "force_generic_plan", "random_page_cost": "1.1", "default_transaction_read_only": "on",
		"default_transaction_isolation": "repeatable read",
	} {
		config.ConnConfig.RuntimeParams[name] = value
	}
	config.AfterConnect = func(ctx context.Context, connection *pgx.Conn) error {
		for _, endpoint := range work.Endpoints {
			for _, statement := range endpoint.Statements {
				description, err := connection.PgConn().Prepare(ctx, statement.name, statement.SQL, nil)
				if err != nil {
					return err
				}
				statement.once.Do(func() { statement.shape = newShape(description.Fields) })
			}
		}
		return nil
	}
	return pgxpool.ConnectConfig(context.Background(), config)
}

// result holds one statement's rows in PostgreSQL's text format.
type result struct {
	shape *shape
	rows  [][][]byte
}

// run sends all statements and one Sync: one implicit transaction, read-only and repeatable read by the session's
// settings.
func (e *endpointWork) run(ctx context.Context, pool *pgxpool.Pool, values map[string]string) ([]result, error) {
	connection, err := pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer connection.Release()

	batch := &pgconn.Batch{}
	for _, statement := range e.Statements {
		arguments := make([][]byte, len(statement.Parameters))
		for i, parameter := range statement.Parameters {
			if parameter.Name != "" {
				arguments[i] = []byte(values[parameter.Name])
			} else if parameter.Value != nil {
				arguments[i] = []byte(*parameter.Value)
			}
		}
		batch.ExecPrepared(statement.name, arguments, nil, nil)
	}
	reader := connection.Conn().PgConn().ExecBatch(ctx, batch)
	results := make([]result, 0, len(e.Statements))
	for reader.NextResult() {
		rows := reader.ResultReader().Read()
		if rows.Err != nil {
			reader.Close()
			return nil, rows.Err
		}
		results = append(results, result{e.Statements[len(results)].shape, rows.Rows})
	}
	if err := reader.Close(); err != nil {
		return nil, err
	}
	return results[1:], nil
}

func requestID() string { return strconv.FormatUint(rand.Uint64(), 16) }
