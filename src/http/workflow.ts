/** `/workflow`: the life of an order, as clients need it to offer the moves that are possible. */
import { Hono } from 'hono';
import type { Workflow } from '../model/workflow.ts';
import { workflowResponse } from './responses.ts';
import { type HttpEnv, json, route } from './route.ts';

export function workflowRoutes({ workflow }: { workflow: Workflow }) {
  return new Hono<HttpEnv>().get(
    '/workflow',
    route(
      {
        id: 'getWorkflow',
        tag: 'Orders',
        summary: 'Get the statuses of orders and the moves between them',
        responses: { 200: json(workflowResponse, 'The workflow, as a file of `OMS_WORKFLOW` has it.') },
      },
      (c) => c.json(workflow),
    ),
  );
}
