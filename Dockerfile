# The program with Swift's own libraries inside, and openapi.json from openapi.yaml.
FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libcurl4-openssl-dev libpq-dev libssl-dev libxlsxwriter-dev \
        libzip-dev pkg-config python3-pip zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# Packages have a layer of their own, which stays as long as Package.swift does.
COPY Package.* ./
RUN swift package resolve
# Package.swift names targets in both, so both have to be there. -s: without symbols, a third smaller.
COPY Sources Sources
COPY Tests Tests
RUN swift build --configuration release --product lyceum --static-swift-stdlib -Xlinker -s \
    && install -D --target-directory=/out/usr/local/bin \
        "$(swift build --configuration release --static-swift-stdlib --show-bin-path)/lyceum"
COPY openapi.yaml /out/usr/share/lyceum/
COPY Migrations /out/usr/share/lyceum/Migrations
COPY Templates /out/usr/share/lyceum/Templates
# Swagger UI and Redoc, of a version and with a hash that are pinned there.
COPY script/lib.sh script/api-pages script/api-pages.txt script/
RUN script/api-pages /out/usr/share/lyceum/api-pages
RUN /out/usr/local/bin/lyceum openapi json --resources /out/usr/share/lyceum

FROM debian:bookworm-slim
# For the PDF of reports; they bring Python. `--build-arg PDF_PACKAGES=` leaves them out.
ARG PDF_PACKAGES="weasyprint fonts-paratype"
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates curl libcurl4 libpq5 libssl3 libstdc++6 libxlsxwriter4 \
        libzip4 zlib1g ${PDF_PACKAGES} \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin lyceum
COPY --from=build /out/ /
USER 10001
# A numeric address: all of the container's. The port is also the health check's.
ENV LYCEUM_LISTEN_HOST=0.0.0.0 LYCEUM_LISTEN_PORT=8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=40s --retries=3 \
    CMD curl --fail --silent --show-error --output /dev/null "http://127.0.0.1:${LYCEUM_LISTEN_PORT}/readyz"
ENTRYPOINT ["lyceum"]
CMD ["serve"]
