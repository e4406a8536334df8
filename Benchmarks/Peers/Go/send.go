package main

import (
	"compress/gzip"
	"hash/maphash"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// Hashes of one process are enough for the tags: this peer is one process.
var seed = maphash.MakeSeed()

// compressor is a gzip writer with the bytes that it has written.
type compressor struct {
	gzip  *gzip.Writer
	bytes []byte
}

func (c *compressor) Write(bytes []byte) (int, error) {
	c.bytes = append(c.bytes, bytes...)
	return len(bytes), nil
}

// The level that Lyceum uses by default.
var compressors = sync.Pool{New: func() interface{} {
	c := &compressor{bytes: make([]byte, 0, 16*1024)}
	c.gzip, _ = gzip.NewWriterLevel(c, gzip.BestSpeed)
	return c
}}

// send answers with the body, plain or compressed as the client asks, or with 304 if the client has it.
func send(w http.ResponseWriter, r *http.Request, body []byte) {
	tag := `W/"` + strconv.FormatUint(maphash.Bytes(seed, body), 16) + `"`
	header := w.Header()
	header["Cache-Control"] = []string{"private, no-cache"}
	header["Etag"] = []string{tag}
	header["Vary"] = []string{"Accept-Encoding"}
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header["Content-Type"] = []string{"application/json"}
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		c := compressors.Get().(*compressor)
		defer compressors.Put(c)
		c.bytes = c.bytes[:0]
		c.gzip.Reset(c)
		c.gzip.Write(body)
		c.gzip.Close()
		header["Content-Encoding"] = []string{"gzip"}
		body = c.bytes
	}
	header["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.Write(body)
}
