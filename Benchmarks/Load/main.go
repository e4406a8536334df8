// The load of the row `mixed`: connections that read diaries and marks of all families, and write marks in between.
//
// wrk cannot do this: a script does not know which connection a request goes to, and each writer must know the versions
// of its own page. Reads JSON from the standard input (see plan) and writes JSON to the standard output (see report).
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

type plan struct {
	Address     string
	Seconds     float64
	Connections int
	// Of all requests.
	Writes float64
	// More header fields of the reads, each with its line end.
	Fields string
	// From the one who asks most to the one who asks least.
	Readers []reader
	// Each is written by one connection.
	Pages []*page
}

type reader struct {
	Token string
	Paths []string
}

type page struct {
	Path     string
	Token    string
	LineItem string `json:"line_item"`
	Students []string
	Versions []int
	Tick     int
}

type report struct {
	Reads   int     `json:"reads"`
	Writes  int     `json:"writes"`
	Seconds float64 `json:"seconds"`
	P50     float64 `json:"p50"`
	P99     float64 `json:"p99"`
}

func main() {
	var given plan
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		log.Fatal(err)
	}
	requests := requestsOf(&given)
	ranks := newZipf(len(given.Readers))
	// Pages may be fewer than connections, whose writers then write more often.
	writers := len(given.Pages)
	if writers > given.Connections {
		writers = given.Connections
	}

	clients := make([]*client, given.Connections)
	var group sync.WaitGroup
	begin := time.Now()
	deadline := begin.Add(time.Duration(given.Seconds * float64(time.Second)))
	for i := range clients {
		c := &client{random: rand.New(rand.NewSource(int64(i) + 1)), ranks: ranks, requests: requests, plan: &given}
		if i < writers {
			c.page = given.Pages[i]
			c.share = given.Writes * float64(given.Connections) / float64(writers)
		}
		clients[i] = c
		group.Add(1)
		go func() {
			defer group.Done()
			if err := c.run(deadline); err != nil {
				log.Fatal(err)
			}
		}()
	}
	group.Wait()

	result := report{Seconds: time.Since(begin).Seconds()}
	var times []time.Duration
	for _, c := range clients {
		result.Reads += len(c.times) - c.writes
		result.Writes += c.writes
		times = append(times, c.times...)
	}
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	at := func(share float64) float64 { return times[int(share*float64(len(times)-1))].Seconds() * 1000 }
	result.P50, result.P99 = at(0.5), at(0.99)
	json.NewEncoder(os.Stdout).Encode(result)
}

// requestsOf are the bytes of every read, by reader and path.
func requestsOf(p *plan) [][][]byte {
	requests := make([][][]byte, len(p.Readers))
	for i, reader := range p.Readers {
		for _, path := range reader.Paths {
			requests[i] = append(requests[i], []byte(fmt.Sprintf(
				"GET %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n%s\r\n", path, p.Address, reader.Token, p.Fields)))
		}
	}
	return requests
}

// zipf draws ranks: the second asks half as often as the first, the third a third as often, and so on.
type zipf []float64

func newZipf(count int) zipf {
	sums := make(zipf, count)
	sum := 0.0
	for i := range sums {
		sum += 1 / float64(i+1)
		sums[i] = sum
	}
	return sums
}

func (z zipf) rank(random *rand.Rand) int {
	return sort.SearchFloat64s(z, random.Float64()*z[len(z)-1])
}

// client is one connection, with one request at a time.
type client struct {
	random   *rand.Rand
	ranks    zipf
	requests [][][]byte
	plan     *plan
	// Nil on a connection that only reads.
	page   *page
	share  float64
	writes int
	times  []time.Duration
}

func (c *client) run(deadline time.Time) error {
	connection, err := net.Dial("tcp", c.plan.Address)
	if err != nil {
		return err
	}
	defer connection.Close()
	answers := bufio.NewReaderSize(connection, 64*1024)
	for {
		begin := time.Now()
		if begin.After(deadline) {
			return nil
		}
		isWrite := c.page != nil && c.random.Float64() < c.share
		request := c.read
		if isWrite {
			request = c.page.write
		}
		if _, err := connection.Write(request()); err != nil {
			return err
		}
		if err := success(answers); err != nil {
			return err
		}
		c.times = append(c.times, time.Since(begin))
		if isWrite {
			c.page.written()
			c.writes++
		}
	}
}

func (c *client) read() []byte {
	requests := c.requests[c.ranks.rank(c.random)]
	return requests[c.random.Intn(len(requests))]
}

// write is a batch that changes every mark of the page.
func (p *page) write() []byte {
	body := make([]byte, 0, 200*len(p.Students))
	body = append(body, `{"marks":[`...)
	for i, student := range p.Students {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, `{"line_item_id":"`...)
		body = append(body, p.LineItem...)
		body = append(body, `","student_id":"`...)
		body = append(body, student...)
		body = append(body, `","value":{"kind":"number","number":`...)
		body = strconv.AppendInt(body, int64(9-p.Tick), 10)
		body = append(body, `},"version":`...)
		body = strconv.AppendInt(body, int64(p.Versions[i]), 10)
		body = append(body, '}')
	}
	body = append(body, `]}`...)
	head := fmt.Sprintf(
		"PATCH %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
		p.Path, p.Token, len(body))
	return append([]byte(head), body...)
}

func (p *page) written() {
	p.Tick = 9 - p.Tick
	for i := range p.Versions {
		p.Versions[i]++
	}
}

// success reads one answer, which must be 200 and tell its length.
func success(answers *bufio.Reader) error {
	length := -1
	first := ""
	for {
		line, err := answers.ReadSlice('\n')
		if err != nil {
			return err
		}
		if first == "" {
			first = string(line)
			continue
		}
		if len(line) <= 2 {
			break
		}
		const name = "content-length:"
		if len(line) > len(name) && strings.EqualFold(string(line[:len(name)]), name) {
			if length, err = strconv.Atoi(strings.TrimSpace(string(line[len(name):]))); err != nil {
				return err
			}
		}
	}
	if !strings.HasPrefix(first, "HTTP/1.1 200 ") || length < 0 {
		text, _ := io.ReadAll(io.LimitReader(answers, 500))
		return errors.New(first + string(text))
	}
	_, err := answers.Discard(length)
	return err
}
