// Starts Swagger UI or Redoc, whichever the page has loaded.
'use strict';

const contract = '/openapi.json';
const place = document.getElementById('docs');

if (window.SwaggerUIBundle) {
    // For tests in a browser, too.
    window.ui = SwaggerUIBundle({
        url: contract,
        domNode: place,
        deepLinking: true,
        docExpansion: 'none',
        defaultModelsExpandDepth: 0,
        filter: true,
        oauth2RedirectUrl: `${location.origin}/docs/oauth2-redirect`,
        onComplete: () => document.body.classList.add('ready'),
    });
    window.ui.initOAuth({
        clientId: new URLSearchParams(location.search).get('client_id') ?? '',
        usePkceWithAuthorizationCodeGrant: true,
    });
}

if (window.Redoc) {
    Redoc.init(contract, { hideLoading: true, nativeScrollbars: true, disableSearch: true }, place,
        () => document.body.classList.add('ready'));
}
