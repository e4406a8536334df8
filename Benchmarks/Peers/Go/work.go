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
	// The journal's PATCH of marks; nil while no lesson may be edited.
	Patch *endpointWork
}

func (w *work) reads() []*endpointWork {
	reads := make([]*endpointWork, 0, len(w.Endpoints))
	for _, endpoint := range w.Endpoints {
		reads = append(reads, endpoint)
	}
	return reads
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
		endpoint.nameStatements(name)
	}
	if result.Patch != nil {
		result.Patch.nameStatements("patch")
	}
	return result, nil
}

func (e *endpointWork) nameStatements(prefix string) {
	for i := range e.Statements {
		e.Statements[i].name = fmt.Sprintf("%s_%d", prefix, i)
	}
}

// The settings of Lyceum's sessions.
var (
	writingSession = map[string]string{
		"TimeZone": "UTC", "DateStyle": "ISO", "lock_timeout": "2000", "jit": "off",
		"plan_cache_mode": "force_generic_plan", "random_page_cost": "1.1",
	}
	readingSession = map[string]string{
		"TimeZone": "UTC", "DateStyle": "ISO", "lock_timeout": "2000", "jit": "off",
		"plan_cache_mode": "force_generic_plan", "random_page_cost": "1.1", "default_transaction_read_only": "on",
		"default_transaction_isolation": "repeatable read",
	}
)

// connect opens a pool whose sessions have these settings, with every statement prepared.
func connect(url, size string, settings map[string]string, prepared ...*endpointWork) (*pgxpool.Pool, error) {
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
	for name, value := range settings {
		config.ConnConfig.RuntimeParams[name] = value
	}
	config.AfterConnect = func(ctx context.Context, connection *pgx.Conn) error {
		for _, endpoint := range prepared {
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

// run sends all statements and one Sync: one implicit transaction with the session's settings.
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
