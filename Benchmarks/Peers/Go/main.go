// A peer of Lyceum: net/http and pgx, answering the same requests with the same SQL and the same JSON.
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
	pool, err := connect(os.Getenv("DATABASE_URL"), os.Getenv("POOL"), work)
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
	mux.Handle("/v1/students/", &endpoint{pool, verifier, work.Endpoints["diary"], "/v1/students/", "/diary"})
	mux.Handle("/v1/sections/", &endpoint{pool, verifier, work.Endpoints["journal"], "/v1/sections/", "/journal"})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), mux))
}

// endpoint answers PREFIX{id}SUFFIX?from&to for the user of the bearer token.
type endpoint struct {
	pool           *pgxpool.Pool
	verifier       *verifier
	work           *endpointWork
	prefix, suffix string
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, e.prefix), e.suffix)
	if len(id) != 36 || len(r.URL.Path) != len(e.prefix)+36+len(e.suffix) {
		http.NotFound(w, r)
		return
	}
	authorization := r.Header.Get("Authorization")
	if !strings.HasPrefix(authorization, "Bearer ") {
		w.Header().Set("WWW-Authenticate", "Bearer")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	claims, err := e.verifier.verify(authorization[len("Bearer "):])
	if err != nil {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		w.WriteHeader(http.StatusUnauthorized)
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
	header := w.Header()
	header["Content-Type"] = []string{"application/json"}
	header["Cache-Control"] = []string{"private, no-cache"}
	w.Write(body.bytes)
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
