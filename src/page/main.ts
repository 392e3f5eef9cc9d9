/** The page with a server: an entry point of its bundle. */
import { httpBackend } from './backend/http.ts';
import { openPage } from './page.ts';

openPage(httpBackend());
