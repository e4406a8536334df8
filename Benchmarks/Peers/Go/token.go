package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"hash"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

type claims struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	Subject  string `json:"sub"`
	School   int    `json:"school"`
	Session  string `json:"sid"`
	Expires  int64  `json:"exp"`
	school   string
}

// verifier checks access tokens: JWT, HS256, with a known `kid`, issuer, audience and expiry.
type verifier struct {
	issuer, audience string
	// The only accepted header for each key, encoded.
	keys map[string]*sync.Pool
}

var errToken = errors.New("invalid token")

// newVerifier reads `id:base64url` pairs separated by commas.
func newVerifier(configuration, issuer, audience string) (*verifier, error) {
	result := &verifier{issuer, audience, map[string]*sync.Pool{}}
	for _, entry := range strings.Split(configuration, ",") {
		id, encoded, _ := strings.Cut(entry, ":")
		key, err := base64.RawURLEncoding.DecodeString(encoded)
		if err != nil {
			return nil, err
		}
		header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT","kid":"` + id + `"}`))
		result.keys[header] = &sync.Pool{New: func() interface{} { return hmac.New(sha256.New, key) }}
	}
	return result, nil
}

// caller answers 401 and returns nil without a valid bearer token.
func (v *verifier) caller(w http.ResponseWriter, r *http.Request) *claims {
	authorization := r.Header.Get("Authorization")
	if !strings.HasPrefix(authorization, "Bearer ") {
		w.Header().Set("WWW-Authenticate", "Bearer")
		w.WriteHeader(http.StatusUnauthorized)
		return nil
	}
	claims, err := v.verify(authorization[len("Bearer "):])
	if err != nil {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		w.WriteHeader(http.StatusUnauthorized)
		return nil
	}
	return claims
}

func (v *verifier) verify(token string) (*claims, error) {
	header, rest, _ := strings.Cut(token, ".")
	encoded, signature, _ := strings.Cut(rest, ".")
	pool := v.keys[header]
	if pool == nil {
		return nil, errToken
	}
	code := pool.Get().(hash.Hash)
	code.Reset()
	code.Write([]byte(token[:len(header)+1+len(encoded)]))
	sum := code.Sum(nil)
	pool.Put(code)
	given, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil || !hmac.Equal(sum, given) {
		return nil, errToken
	}
	payload, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return nil, errToken
	}
	result := &claims{}
	if err := json.Unmarshal(payload, result); err != nil {
		return nil, errToken
	}
	if result.Issuer != v.issuer || result.Audience != v.audience || result.Expires <= time.Now().Unix() {
		return nil, errToken
	}
	result.school = strconv.Itoa(result.School)
	return result, nil
}
