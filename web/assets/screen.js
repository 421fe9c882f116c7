// For a screen whose browser is too old for pages.js, such as a television's: it loads the page again every few seconds, and
// shows what is new. So this file is ECMAScript 5. It does nothing where pages.js works.
(function () {
  'use strict';

  var everyMs = Number(document.getElementById('main').getAttribute('data-every')) * 1000;
  // How long an answer may take, and how long names are shown that cannot be updated.
  var patienceMs = 20000;
  var namesMs = 60000;
  var shownAt = new Date().getTime();

  function renew() {
    if (document.body.hasAttribute('data-live')) return;
    var request = new XMLHttpRequest();
    request.open('GET', location.href);
    request.responseType = 'document';
    request.timeout = patienceMs;
    request.onreadystatechange = function () {
      if (request.readyState !== 4) return;
      setTimeout(renew, everyMs);
      show(request);
    };
    request.send();
  }

  function show(request) {
    var main = document.getElementById('main');
    var fresh = request.response && request.response.getElementById('main');
    // The server is away. While it starts again, a proxy may answer for it.
    if (request.status === 0 || request.status >= 500 || !fresh) {
      var names = main.querySelector('.names');
      if (names && new Date().getTime() - shownAt > namesMs) names.textContent = '';
      return;
    }
    // Nobody is signed in any more, or this is no longer an organiser.
    if (!fresh.hasAttribute('data-screen')) {
      location.reload();
      return;
    }
    main.parentNode.replaceChild(document.importNode(fresh, true), main);
    shownAt = new Date().getTime();
  }

  setTimeout(renew, everyMs);
})();
