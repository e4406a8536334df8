import HTTP1
import TestTools
import Testing

@testable import Web

@Suite(.serialized) struct MetricsTests {
    private func families(_ server: TestServer) async -> [MetricFamily] { await server.server.metrics() }

    private func value(_ families: [MetricFamily], _ name: String, _ labels: String = "") -> Double? {
        for family in families {
            for sample in family.samples where family.name + sample.suffix == name && sample.labels == labels {
                return sample.value
            }
        }
        return nil
    }

    @Test func requestsAreCountedByRouteMethodAndStatus() async throws {
        let server = try await TestServer(cores: 2)
        for _ in 0..<3 {
            let client = try server.client()
            for id in 0..<5 { #expect(try await client.get("/items/\(id)").status == 200) }
            #expect(try await client.get("/problem").status == 422)
            client.send("HEAD /items/1 HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.answer(hasBody: false).status == 200)
        }
        // The last answers are counted after they are written, which the client may see before.
        let isCounted = await eventually {
            value(
                await families(server), "lyceum_http_request_duration_seconds_count",
                #"{route="/items/{id}",method="HEAD",status="2xx"}"#) == 3
        }
        #expect(isCounted)
        let found = await families(server)
        let labels = #"{route="/items/{id}",method="GET",status="2xx"}"#
        #expect(value(found, "lyceum_http_request_duration_seconds_count", labels) == 15)
        #expect(value(found, "lyceum_http_response_content_bytes_total", labels) == 15)
        #expect((value(found, "lyceum_http_request_duration_seconds_sum", labels) ?? 0) > 0)
        #expect(
            value(
                found, "lyceum_http_request_duration_seconds_count", #"{route="/problem",method="GET",status="4xx"}"#)
                == 3)
        // A HEAD has no content.
        #expect(
            value(
                found, "lyceum_http_response_content_bytes_total", #"{route="/items/{id}",method="HEAD",status="2xx"}"#)
                == 0)
        #expect(value(found, "lyceum_http_requests_in_flight") == 0)
    }

    /// Requests for many unknown addresses do not create series of their own.
    @Test func unknownPathsAndMethodsShareASeries() async throws {
        let server = try await TestServer()
        let client = try server.client()
        for index in 0..<20 {
            _ = try await client.get("/nowhere/\(index)")
            client.send("M\(index) /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await client.answer()
        }
        let isCounted = await eventually {
            value(
                await families(server), "lyceum_http_request_duration_seconds_count",
                #"{route="-",method="other",status="5xx"}"#) == 20
        }
        #expect(isCounted)
        let found = await families(server)
        #expect(
            value(found, "lyceum_http_request_duration_seconds_count", #"{route="-",method="GET",status="4xx"}"#) == 20)
        #expect(found[0].samples.count { $0.suffix == "_count" } == 2)
    }

    @Test func refusalsAndLimitsAreCounted() async throws {
        let server = try await TestServer { _ in
            var features = Features()
            features.rates = RateLimits(requests: 1, signIns: 1, window: 50_000)
            return features
        }
        let client = try server.client()
        for _ in 0..<3 { _ = try await client.get("/hello") }
        client.send("GET / HTTP/1.1\r\n\r\n")
        #expect(try await client.answer().status == 400)
        let found = await families(server)
        #expect(value(found, "lyceum_http_rate_limited_total", #"{policy="address"}"#) == 2)
        #expect(value(found, "lyceum_http_refused_total", #"{code="malformed_request"}"#) == 1)
    }

    @Test func requestsInFlight() async throws {
        let server = try await TestServer()
        let client = try server.client()
        client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(await eventually { value(await families(server), "lyceum_http_requests_in_flight") == 1 })
        server.gate.open()
        #expect(try await client.answer().status == 200)
        #expect(await eventually { value(await families(server), "lyceum_http_requests_in_flight") == 0 })
    }

    // MARK: The sum

    @Test func coresAreAddedUp() {
        func part(_ a: Double, _ name: String, _ b: Double) -> [MetricFamily] {
            var family = MetricFamily("x", .gauge, "X.")
            family.add([("lane", "read")], a)
            family.add([("lane", name)], b)
            return [family]
        }
        let sum = MetricFamily.sum([part(1, "write", 2), part(10, "leased", 4), part(100, "write", 8)])
        #expect(sum.count == 1)
        #expect(
            sum[0].samples.map { "\($0.labels) \($0.value)" } == [
                #"{lane="read"} 111.0"#, #"{lane="write"} 10.0"#, #"{lane="leased"} 4.0"#,
            ])
    }

    // MARK: The text

    @Test func prometheusText() {
        #expect(
            String(decoding: Exposition.prometheus.text(families), as: UTF8.self) == """
                # HELP a_total Of a.
                # TYPE a_total counter
                a_total{path="say \\"a\\\\b\\"\\n"} 3
                # HELP b_seconds Of b.
                # TYPE b_seconds histogram
                b_seconds_bucket{route="/b",le="0.5"} 1
                b_seconds_bucket{route="/b",le="1.0"} 3
                b_seconds_bucket{route="/b",le="+Inf"} 7
                b_seconds_sum{route="/b"} 9.25
                b_seconds_count{route="/b"} 7
                # HELP c Of c.
                # TYPE c gauge
                c -1

                """)
    }

    @Test func openMetricsText() {
        let text = String(decoding: Exposition.openMetrics.text(families), as: UTF8.self)
        #expect(text.hasPrefix("# HELP a Of a.\n# TYPE a counter\na_total{"))
        #expect(text.hasSuffix("c -1\n# EOF\n"))
    }

    @Test(arguments: [
        (nil, Exposition.prometheus), ("*/*", .prometheus), ("text/html", .prometheus),
        ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2", .openMetrics),
        ("application/openmetrics-text;q=0.1, text/plain;q=0.9", .prometheus),
    ])
    func accept(_ field: String?, _ exposition: Exposition) {
        #expect(Exposition(accept: field) == exposition)
    }

    private var families: [MetricFamily] {
        var a = MetricFamily("a_total", .counter, "Of a.")
        a.add([("path", "say \"a\\b\"\n")], 3)
        var b = MetricFamily("b_seconds", .histogram, "Of b.")
        b.addHistogram([("route", "/b")], bounds: [0.5, 1], counts: [1, 2, 4], sum: 9.25)
        return [a, b, MetricFamily("c", .gauge, "Of c.", value: -1)]
    }
}
