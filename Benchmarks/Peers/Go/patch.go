package main

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"strconv"

	"github.com/jackc/pgx/v4/pgxpool"
)

// journalPatch answers PATCH sections/{id}/journal with marks in existing columns: all other lists of the batch are
// empty.
type journalPatch struct {
	pool     *pgxpool.Pool
	verifier *verifier
	work     *endpointWork
	page     *endpoint
}

type journalBatch struct {
	Marks []struct {
		LineItem string `json:"line_item_id"`
		Student  string `json:"student_id"`
		Value    struct {
			Kind   string `json:"kind"`
			Number int    `json:"number"`
		} `json:"value"`
		Version int `json:"version"`
	} `json:"marks"`
}

func (p *journalPatch) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := p.page.id(r.URL.Path)
	if id == "" {
		http.NotFound(w, r)
		return
	}
	claims := p.verifier.caller(w, r)
	if claims == nil {
		return
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	batch := &journalBatch{}
	if err := json.Unmarshal(text, batch); err != nil || len(batch.Marks) == 0 {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	values := batch.columns()
	values["school"], values["user"], values["session"] = claims.school, claims.Subject, claims.Session
	values["id"], values["request_id"] = id, requestID()
	results, err := p.work.run(context.Background(), p.pool, values)
	if err != nil {
		log.Print(err)
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	// The lock of the page, the marks, and the end of the batch.
	if len(results[0].rows) == 0 {
		http.NotFound(w, r)
		return
	}
	marks := results[1]
	body := newWriter()
	defer recycle(body)
	if !body.outcomes(marks) {
		w.WriteHeader(http.StatusConflict)
		return
	}
	header := w.Header()
	header["Content-Type"] = []string{"application/json"}
	header["Cache-Control"] = []string{"no-store"}
	header["Content-Length"] = []string{strconv.Itoa(len(body.bytes))}
	w.Write(body.bytes)
}

// columns are the arrays that the statement of marks unnests, by the names of its parameters.
func (b *journalBatch) columns() map[string]string {
	column := func(of func(i int) string) string {
		text := []byte{'{'}
		for i := range b.Marks {
			if i > 0 {
				text = append(text, ',')
			}
			text = append(text, of(i)...)
		}
		return string(append(text, '}'))
	}
	return map[string]string{
		"line_items": column(func(i int) string { return b.Marks[i].LineItem }),
		"students":   column(func(i int) string { return b.Marks[i].Student }),
		"kinds":      column(func(i int) string { return b.Marks[i].Value.Kind }),
		"numbers":    column(func(i int) string { return strconv.Itoa(b.Marks[i].Value.Number) }),
		"versions":   column(func(i int) string { return strconv.Itoa(b.Marks[i].Version) }),
	}
}

// outcomes writes the answer of a batch; false if a mark was refused.
func (w *writer) outcomes(marks result) bool {
	w.key("applied")
	w.raw("true")
	for _, name := range []string{"lessons", "homework", "line_items", "attendance", "feedback"} {
		w.key(name)
		w.raw("[]")
	}
	w.key("marks")
	w.open('[')
	for _, row := range marks.rows {
		if row[marks.shape.refusal] != nil {
			return false
		}
		w.open('{')
		w.fields(marks.shape, row)
		w.key("status")
		if row[marks.shape.unchanged][0] == 't' {
			w.raw(`"unchanged"`)
		} else {
			w.raw(`"applied"`)
		}
		w.close('}')
	}
	w.close(']')
	w.close('}')
	return true
}
