/** `/docs`: the OpenAPI document of the service in Swagger UI, whose files are part of the build. */

import styles from 'swagger-ui-dist/swagger-ui.css?url';
import script from 'swagger-ui-dist/swagger-ui-bundle.js?url';

declare const SwaggerUIBundle: (options: Record<string, unknown>) => void;

const sheet = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: styles });
const program = Object.assign(document.createElement('script'), { src: script });
program.addEventListener('load', () =>
  // The validator would be another origin.
  SwaggerUIBundle({ dom_id: '#docs', url: '/openapi.json', deepLinking: true, validatorUrl: null }),
);
document.head.append(sheet, program);
