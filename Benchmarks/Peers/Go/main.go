// A peer of Lyceum: net/http and pgx, answering the same requests with the same SQL and the same JSON. Answers have an
// ETag, and gzip where the client accepts it.
//
// Settings come from the environment: PORT, POOL (connections), WORK (written by script/bench: the statements and the
// shape of each answer), DATABASE_URL, TOKEN_KEYS.
package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/jackc/pgx/v4/pgxpool"
)

var liveBody = []byte(`{"status":"ok"}`)

func main() {
	work, err := readWork(os.Getenv("WORK"))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := newVerifier(os.Getenv("TOKEN_KEYS"), work.Issuer, work.Audience)
	if err != nil {
		log.Fatal(err)
	}
	pool, err := connect(os.Getenv("DATABASE_URL"), os.Getenv("POOL"), readingSession, work.reads()...)
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()

	mux := http.NewServeMux()
	mux.HandleFunc("/livez", func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header["Content-Type"] = []string{"application/json"}
		header["Cache-Control"] = []string{"no-store"}
		w.Write(liveBody)
	})
	read := func(name, prefix, suffix string) *endpoint {
		return &endpoint{pool, verifier, work.Endpoints[name], prefix, suffix}
	}
	diary := read("diary", "/v1/students/", "/diary")
	marks := read("marks", "/v1/students/", "/marks")
	mux.HandleFunc("/v1/students/", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, marks.suffix) {
			marks.ServeHTTP(w, r)
		} else {
			diary.ServeHTTP(w, r)
		}
	})
	journal := read("journal", "/v1/sections/", "/journal")
	var patch *journalPatch
	if work.Patch != nil {
		writing, err := connect(os.Getenv("DATABASE_URL"), os.Getenv("POOL"), writingSession, work.Patch)
		if err != nil {
			log.Fatal(err)
		}
		defer writing.Close()
		patch = &journalPatch{writing, verifier, work.Patch, journal}
	}
	mux.HandleFunc("/v1/sections/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch && patch != nil {
			patch.ServeHTTP(w, r)
		} else {
			journal.ServeHTTP(w, r)
		}
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), mux))
}

// endpoint answers PREFIX{id}SUFFIX?from&to for the user of the bearer token.
type endpoint struct {
	pool           *pgxpool.Pool
	verifier       *verifier
	work           *endpointWork
	prefix, suffix string
}

// id is the record that the path names, or empty.
func (e *endpoint) id(path string) string {
	if len(path) != len(e.prefix)+36+len(e.suffix) || !strings.HasSuffix(path, e.suffix) {
		return ""
	}
	return path[len(e.prefix) : len(e.prefix)+36]
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := e.id(r.URL.Path)
	if id == "" {
		http.NotFound(w, r)
		return
	}
	claims := e.verifier.caller(w, r)
	if claims == nil {
		return
	}
	query := r.URL.Query()
	// Not the request's context: pgx closes a connection whose context ends, and the load disconnects at the end of each
	// round.
	body, err := e.answer(context.Background(), claims, id, query.Get("from"), query.Get("to"))
	if err != nil {
		log.Print(err)
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	defer recycle(body)
	if body == nil {
		http.NotFound(w, r)
		return
	}
	send(w, r, body.bytes)
}

// answer runs all statements in one round trip and one snapshot; nil if the caller may not see the record.
func (e *endpoint) answer(ctx context.Context, c *claims, id, from, to string) (*writer, error) {
	results, err := e.work.run(ctx, e.pool, map[string]string{
		"school": c.school, "user": c.Subject, "session": c.Session, "id": id, "from": from, "to": to,
		"request_id": requestID(),
	})
	if err != nil || len(results[0].rows) == 0 {
		return nil, err
	}
	body := newWriter()
	body.render(e.work.JSON, results)
	return body, nil
}
